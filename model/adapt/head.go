package adapt

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"blastlens/model/net"
	"blastlens/wasm/tensor"
)

// Head is a trained classifier on a body's features.
type Head interface {
	// Logits are [rows, classes], row by row.
	Logits(f Features, rows []int) []float32
	// Kind is the head's name in package net.
	Kind() net.Head
	// Params are the head's tensors by their names in package net, as PyTorch lays them out.
	Params() net.Params
}

// Fastai is the head that fastai puts on a body: batch-norm, dropout, linear
// without bias, ReLU, batch-norm, dropout, linear without bias. Matrices are
// [in, out]; PyTorch stores their transposes.
type Fastai struct {
	Width, Hidden, Classes int
	Norm1, Norm2           Norm
	Linear1/* [Width,Hidden] */ []float32
	Linear2/* [Hidden,Classes] */ []float32
}

// Norm is a batch-norm at inference: (x-Mean)/sqrt(Variance+Epsilon)*Gamma + Beta.
type Norm struct{ Gamma, Beta, Mean, Variance []float32 }

func newNorm(width int) Norm {
	n := Norm{Gamma: make([]float32, width), Beta: make([]float32, width), Mean: make([]float32, width), Variance: make([]float32, width)}
	for i := range n.Gamma {
		n.Gamma[i], n.Variance[i] = 1, 1
	}
	return n
}

// fold is the norm as x*scale + shift.
func (n Norm) fold() (scale, shift []float32) {
	scale, shift = make([]float32, len(n.Gamma)), make([]float32, len(n.Gamma))
	for i, g := range n.Gamma {
		scale[i] = g * inverseDeviation(n.Variance[i])
		shift[i] = n.Beta[i] - n.Mean[i]*scale[i]
	}
	return scale, shift
}

// TrainFastai trains the fastai head on the given rows. The first batch-norm
// uses the statistics of the whole training part from the start (the features
// are frozen, so a batch's statistics are only a noisier estimate of the same);
// the second uses the batch's, and gets the training part's, without dropout,
// at the end. Its losses are the epochs' mean training losses.
func TrainFastai(f Features, labels, rows []int, classes, hidden int, o Options) (*Fastai, []float64, error) {
	if err := f.check(labels, rows, classes); err != nil {
		return nil, nil, err
	}
	h := &Fastai{Width: f.Width, Hidden: hidden, Classes: classes, Norm1: newNorm(f.Width), Norm2: newNorm(hidden)}
	chance := rand.New(rand.NewPCG(o.Seed, 0xfa57a1))
	h.Linear1 = kaiming(chance, f.Width, hidden)
	h.Linear2 = kaiming(chance, hidden, classes)
	h.Norm1.Mean, h.Norm1.Variance = f.statistics(rows)

	z := f.standardised(rows, h.Norm1.Mean, h.Norm1.Variance)
	t := h.tape(min(o.Batch, len(rows)), o.Dropout)
	losses, err := fit(t, z, pick(labels, rows), o)
	if err != nil {
		return nil, nil, err
	}
	hiddens := Features{Rows: len(rows), Width: hidden, Data: h.hiddens(f, rows)}
	h.Norm2.Mean, h.Norm2.Variance = hiddens.statistics(upTo(len(rows)))
	return h, losses, nil
}

// tape is the head in training, for one batch size.
func (h *Fastai) tape(batch int, dropout [2]float64) *tape {
	t := newTape(batch, h.Width, h.Classes)
	x := t.affine("norm1", t.x, h.Width, h.Norm1.Gamma, h.Norm1.Beta)
	x = t.dropout("dropout1", x, h.Width, dropout[0])
	x = t.mul(x, t.learned("linear1", h.Linear1, h.Width, h.Hidden, true))
	x = t.relu(x)
	x = t.norm("norm2", x, h.Hidden, h.Norm2.Gamma, h.Norm2.Beta)
	x = t.dropout("dropout2", x, h.Hidden, dropout[1])
	t.close(t.mul(x, t.learned("linear2", h.Linear2, h.Hidden, h.Classes, true)))
	return t
}

// hiddens are the activations before the second batch-norm, [rows, Hidden].
func (h *Fastai) hiddens(f Features, rows []int) []float32 {
	scale, shift := h.Norm1.fold()
	x := Features{Rows: len(rows), Width: f.Width, Data: make([]float32, len(rows)*f.Width)}
	for k, i := range rows {
		to := x.Row(k)
		for c, v := range f.Row(i) {
			to[c] = v*scale[c] + shift[c]
		}
	}
	out := product(x, h.Linear1, h.Hidden)
	for i, v := range out {
		out[i] = max(0, v)
	}
	return out
}

// Logits implements Head.
func (h *Fastai) Logits(f Features, rows []int) []float32 {
	x := Features{Rows: len(rows), Width: h.Hidden, Data: h.hiddens(f, rows)}
	scale, shift := h.Norm2.fold()
	for k := range rows {
		row := x.Row(k)
		for c, v := range row {
			row[c] = v*scale[c] + shift[c]
		}
	}
	return product(x, h.Linear2, h.Classes)
}

// Kind implements Head.
func (h *Fastai) Kind() net.Head { return net.Fastai }

// Params implements Head.
func (h *Fastai) Params() net.Params {
	return named(net.Fastai, h.Classes, [][]float32{
		h.Norm1.Gamma, h.Norm1.Beta, h.Norm1.Mean, h.Norm1.Variance,
		transposed(h.Linear1, h.Width, h.Hidden),
		h.Norm2.Gamma, h.Norm2.Beta, h.Norm2.Mean, h.Norm2.Variance,
		transposed(h.Linear2, h.Hidden, h.Classes),
	})
}

// Plain is timm's classifier: one layer with bias on the average pool, which is
// the second half of the features.
type Plain struct {
	Width, Classes int // Width is of the averages
	Weight/* [Width,Classes] */ []float32
	Bias/* [Classes] */ []float32
}

// TrainPlain trains a softmax regression on standardised averages and folds the
// standardisation into its weights.
func TrainPlain(f Features, labels, rows []int, classes int, o Options) (*Plain, []float64, error) {
	if err := f.check(labels, rows, classes); err != nil {
		return nil, nil, err
	}
	f = f.averages()
	h := &Plain{Width: f.Width, Classes: classes, Weight: make([]float32, f.Width*classes), Bias: make([]float32, classes)}
	mean, variance := f.statistics(rows)
	losses, err := fit(h.tape(min(o.Batch, len(rows)), o.Dropout[0]), f.standardised(rows, mean, variance), pick(labels, rows), o)
	if err != nil {
		return nil, nil, err
	}
	for c := range f.Width {
		scale := inverseDeviation(variance[c])
		for k := range classes {
			w := &h.Weight[c*classes+k]
			*w *= scale
			h.Bias[k] -= *w * mean[c]
		}
	}
	return h, losses, nil
}

func (h *Plain) tape(batch int, dropout float64) *tape {
	t := newTape(batch, h.Width, h.Classes)
	x := t.dropout("dropout", t.x, h.Width, dropout)
	x = t.mul(x, t.learned("classifier", h.Weight, h.Width, h.Classes, true))
	t.close(t.add(x, t.rows(t.learned("bias", h.Bias, 1, h.Classes, false))))
	return t
}

// Logits implements Head.
func (h *Plain) Logits(f Features, rows []int) []float32 {
	f = f.averages()
	x := Features{Rows: len(rows), Width: f.Width, Data: make([]float32, 0, len(rows)*f.Width)}
	for _, i := range rows {
		x.Data = append(x.Data, f.Row(i)...)
	}
	out := product(x, h.Weight, h.Classes)
	for i := range out {
		out[i] += h.Bias[i%h.Classes]
	}
	return out
}

// Kind implements Head.
func (h *Plain) Kind() net.Head { return net.Plain }

// Params implements Head.
func (h *Plain) Params() net.Params {
	return named(net.Plain, h.Classes, [][]float32{transposed(h.Weight, h.Width, h.Classes), h.Bias})
}

// named gives the head's arrays, in the order of its tensors, their names and shapes.
func named(head net.Head, classes int, arrays [][]float32) net.Params {
	p := net.Params{}
	for _, t := range net.Names(head, classes) {
		if t.Head {
			p[t.Name] = tensor.Float32{Name: t.Name, Shape: t.Shape, Data: arrays[0]}
			arrays = arrays[1:]
		}
	}
	return p
}

// transposed turns [in, out] into [out, in].
func transposed(w []float32, in, out int) []float32 {
	t := make([]float32, len(w))
	for i := range in {
		for o := range out {
			t[o*in+i] = w[i*out+o]
		}
	}
	return t
}

// Answers is the top class of each row of logits.
func Answers(logits []float32, classes int) []int {
	answers := make([]int, len(logits)/classes)
	for i := range answers {
		for c, v := range logits[i*classes : (i+1)*classes] {
			if v > logits[i*classes+answers[i]] {
				answers[i] = c
			}
		}
	}
	return answers
}

// product is x [Rows, Width] times w [Width, out], on all cores.
func product(x Features, w []float32, out int) []float32 {
	y := make([]float32, x.Rows*out)
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1,
		blas32.General{Rows: x.Rows, Cols: x.Width, Stride: x.Width, Data: x.Data},
		blas32.General{Rows: x.Width, Cols: out, Stride: out, Data: w}, 0,
		blas32.General{Rows: x.Rows, Cols: out, Stride: out, Data: y})
	return y
}

// kaiming draws a matrix [in, out] from a normal distribution of deviation sqrt(2/in).
func kaiming(chance *rand.Rand, in, out int) []float32 {
	w := make([]float32, in*out)
	for i := range w {
		w[i] = float32(chance.NormFloat64() * math.Sqrt(2/float64(in)))
	}
	return w
}

func pick(labels, rows []int) []int {
	picked := make([]int, len(rows))
	for k, i := range rows {
		picked[k] = labels[i]
	}
	return picked
}

// Train trains a head of the given kind, fastai or plain.
func Train(kind net.Head, f Features, labels, rows []int, classes int, o Options) (Head, []float64, error) {
	if kind == net.Plain {
		return TrainPlain(f, labels, rows, classes, o)
	}
	return TrainFastai(f, labels, rows, classes, net.Hidden, o)
}
