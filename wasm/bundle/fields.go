package bundle

import "blastlens/wasm/fields"

// Fields is the manifest's JSON.
func (m *Manifest) Fields(c *fields.Coder) {
	fields.String(c, "file", &m.File)
	fields.Int(c, "bytes", &m.Bytes)
	fields.String(c, "sha256", &m.SHA256)
	fields.String(c, "version", &m.Version)
}

// Fields is the header's JSON.
func (h *header) Fields(c *fields.Coder) {
	h.Bundle.Fields(c)
	fields.Objects(c, "weights", &h.Weights)
}

func (r *record) Fields(c *fields.Coder) {
	fields.String(c, "name", &r.Name)
	fields.Ints(c, "shape", &r.Shape)
	fields.String(c, "as", &r.Encoding)
	fields.Int(c, "at", &r.Offset)
}

func (b *Bundle) Fields(c *fields.Coder) {
	fields.String(c, "version", &b.Version)
	fields.String(c, "network", &b.Network)
	fields.Objects(c, "heads", &b.Heads)
	fields.Object(c, "preprocess", &b.Preprocess)
	fields.Object(c, "golden", &b.Golden)
	fields.Optional(c, "plan", &b.Plan)
}

func (h *Head) Fields(c *fields.Coder) {
	fields.String(c, "name", &h.Name)
	fields.Bool(c, "demonstration,omitempty", &h.Demonstration)
	fields.Objects(c, "classes", &h.Classes)
	fields.Raw(c, "record,omitempty", &h.Record)
}

func (k *Class) Fields(c *fields.Coder) {
	fields.String(c, "name", &k.Name)
	fields.String(c, "title", &k.Title)
	fields.String(c, "group,omitempty", &k.Group)
}

func (p *Preprocess) Fields(c *fields.Coder) {
	fields.Int(c, "size", &p.Size)
	fields.String(c, "resize", &p.Resize)
	fields.Three(c, "mean", &p.Mean)
	fields.Three(c, "std", &p.Std)
}

func (g *Golden) Fields(c *fields.Coder) {
	fields.Int(c, "seed", &g.Seed)
	fields.FloatsByName(c, "logits", &g.Logits)
	fields.Float(c, "tolerance", &g.Tolerance)
}
