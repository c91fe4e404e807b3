package plan

import "blastlens/wasm/fields"

// Fields is the plan as a bundle's header has it; weights are listed there apart.
func (p *Plan) Fields(c *fields.Coder) {
	fields.Int(c, "input", &p.Input)
	fields.Objects(c, "values", &p.Values)
	fields.Ints(c, "buffers", &p.Buffers)
	fields.Objects(c, "steps", &p.Steps)
	fields.Objects(c, "outputs", &p.Outputs)
}

func (v *Value) Fields(c *fields.Coder) {
	fields.String(c, "name", &v.Name)
	fields.Int(c, "H", &v.H)
	fields.Int(c, "W", &v.W)
	fields.Int(c, "C", &v.C)
	fields.Int(c, "buffer", &v.Buffer)
}

func (s *Step) Fields(c *fields.Coder) {
	fields.String(c, "op", &s.Op)
	fields.String(c, "name", &s.Name)
	fields.String(c, "act,omitempty", &s.Act)
	fields.String(c, "pool,omitempty", &s.Pool)
	fields.Int(c, "kernel,omitempty", &s.Kernel)
	fields.Int(c, "stride,omitempty", &s.Stride)
	fields.Int(c, "in", &s.In)
	fields.Int(c, "gate", &s.Gate)
	fields.Int(c, "residual", &s.Residual)
	fields.Int(c, "out", &s.Out)
	fields.Int(c, "w", &s.W)
	fields.Int(c, "b", &s.B)
	fields.Int(c, "w2", &s.W2)
	fields.Int(c, "b2", &s.B2)
}

func (o *Output) Fields(c *fields.Coder) {
	fields.String(c, "name", &o.Name)
	fields.Int(c, "value", &o.Value)
}
