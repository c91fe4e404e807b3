package wire

import "blastlens/wasm/fields"

func (r *Request) Fields(c *fields.Coder) {
	fields.Int(c, "v", &r.V)
	fields.String(c, "kind", &r.Kind)
	fields.String(c, "model,omitempty", &r.Model)
	fields.String(c, "device,omitempty", &r.Device)
	fields.Int(c, "id,omitempty", &r.ID)
	fields.String(c, "name,omitempty", &r.Name)
	fields.String(c, "head,omitempty", &r.Head)
	fields.Int(c, "size,omitempty", &r.Size)
	fields.Three(c, "mean,omitempty", &r.Mean)
	fields.Three(c, "std,omitempty", &r.Std)
}

func (e *Event) Fields(c *fields.Coder) {
	fields.Int(c, "v", &e.V)
	fields.String(c, "kind", &e.Kind)
	fields.String(c, "stage,omitempty", &e.Stage)
	fields.Int(c, "done,omitempty", &e.Done)
	fields.Int(c, "total,omitempty", &e.Total)
	fields.Int(c, "id,omitempty", &e.ID)
	fields.String(c, "reason,omitempty", &e.Reason)
	fields.Optional(c, "engine,omitempty", &e.Engine)
	fields.Optional(c, "answer,omitempty", &e.Answer)
	fields.Objects(c, "steps,omitempty", &e.Steps)
	fields.Optional(c, "picture,omitempty", &e.Picture)
}

func (p *Picture) Fields(c *fields.Coder) {
	fields.Int(c, "width", &p.Width)
	fields.Int(c, "height", &p.Height)
	fields.Strings(c, "notes,omitempty", &p.Notes)
}

func (s *Step) Fields(c *fields.Coder) {
	fields.String(c, "name", &s.Name)
	fields.String(c, "op", &s.Op)
	fields.String(c, "shape", &s.Shape)
	fields.String(c, "kernels,omitempty", &s.Kernels)
	fields.Float(c, "ms", &s.MS)
	fields.Float(c, "gflops", &s.GFLOPS)
}

func (e *Engine) Fields(c *fields.Coder) {
	fields.String(c, "device", &e.Device)
	fields.String(c, "describe", &e.Describe)
	fields.String(c, "why", &e.Why)
	fields.String(c, "summary,omitempty", &e.Summary)
	fields.String(c, "version", &e.Version)
	fields.String(c, "sha256", &e.SHA256)
	fields.Objects(c, "heads", &e.Heads)
	fields.Strings(c, "notes,omitempty", &e.Notes)
}

func (h *Head) Fields(c *fields.Coder) {
	fields.String(c, "name", &h.Name)
	fields.Bool(c, "demonstration,omitempty", &h.Demonstration)
	fields.Strings(c, "classes", &h.Classes)
	fields.String(c, "record,omitempty", &h.Record)
}

func (a *Answer) Fields(c *fields.Coder) {
	fields.String(c, "head", &a.Head)
	fields.Bool(c, "demonstration,omitempty", &a.Demonstration)
	fields.Floats(c, "logits", &a.Logits)
	fields.Floats(c, "probabilities", &a.Probabilities)
	fields.Int(c, "class", &a.Class)
	fields.String(c, "statement", &a.Statement)
	fields.String(c, "device", &a.Device)
	fields.String(c, "describe,omitempty", &a.Describe)
	fields.Float(c, "ms", &a.MS)
	fields.Float(c, "run_ms", &a.RunMS)
	fields.Int(c, "width", &a.Width)
	fields.Int(c, "height", &a.Height)
	fields.Strings(c, "notes,omitempty", &a.Notes)
	fields.String(c, "version", &a.Version)
}
