package adapt

import (
	"fmt"
	"strings"

	"blastlens/model/data"
	"blastlens/model/lower"
	"blastlens/model/net"
	"blastlens/wasm/device/cpu"
	"blastlens/wasm/tensor"
)

// calibrationPictures are enough for statistics over all their pixels.
const calibrationPictures = 16

// Calibrate estimates the batch-norm statistics of a body that was never
// trained, layer after layer, on a few pictures spread over the set. Without it
// a random body's signal dies out on the way, and no head could learn from it.
func Calibrate(set *data.Set, body net.Params, size int) error {
	pre := Preprocess(size)
	var inputs [][]float32
	for k := range min(calibrationPictures, len(set.Pictures)) {
		picture, err := set.Open(k * len(set.Pictures) / min(calibrationPictures, len(set.Pictures)))
		if err != nil {
			return err
		}
		inputs = append(inputs, tensor.Input(picture, size, pre.Mean, pre.Std))
	}
	names := net.Names(net.Pooled, 0)
	for i, t := range names {
		if t.Role != net.Weight || names[i+1].Role != net.Scale { // no convolution with a batch-norm
			continue
		}
		seen, err := mapOf(body, size, strings.TrimSuffix(t.Name, ".weight"), t.Shape[0], inputs)
		if err != nil {
			return err
		}
		mean, variance := seen.statistics(upTo(seen.Rows))
		copy(body[names[i+3].Name].Data, mean)
		copy(body[names[i+4].Name].Data, variance)
	}
	return nil
}

// mapOf is what the marked place of the body makes of the inputs, one row a pixel.
func mapOf(body net.Params, size int, mark string, channels int, inputs [][]float32) (Features, error) {
	g, err := net.Build(body, size, net.Output{Name: mark, Mark: mark})
	if err != nil {
		return Features{}, err
	}
	p, err := lower.Lower(g, size)
	if err != nil {
		return Features{}, err
	}
	session, err := cpu.New(0).Prepare(p)
	if err != nil {
		return Features{}, err
	}
	defer session.Close()
	f := Features{Width: channels}
	for _, x := range inputs {
		out, err := session.Run(x)
		if err != nil {
			return Features{}, fmt.Errorf("adapt: calibrating %s: %w", mark, err)
		}
		f.Data = append(f.Data, out[0]...)
	}
	f.Rows = len(f.Data) / channels
	return f, nil
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
