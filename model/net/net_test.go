package net

import "testing"

func TestSummary(t *testing.T) {
	for _, c := range []struct {
		head                          Head
		classes                       int
		parameters, trainable, frozen int
		gmac224, gmac300              float64
	}{
		// The paper's three counts pin the network and fastai's head.
		{Fastai, 4, 12278312, 1669376, 10608936, 0.963, 1.827},
		// timm's counts: the body alone, and with one layer.
		{Plain, 4, 10696232 + 4*1536 + 4, 87296 + 4*1536 + 4, 10608936, 0.961, 1.826},
		{Plain, 1000, 12233232, 87296 + 1537000, 10608936, 0.963, 1.827},
	} {
		s := Summarise(c.head, c.classes, 224)
		if s.Parameters != c.parameters || s.Trainable != c.trainable || s.Frozen != c.frozen {
			t.Errorf("%s, %d classes: %d parameters, %d trainable, %d frozen, want %d, %d, %d",
				c.head, c.classes, s.Parameters, s.Trainable, s.Frozen, c.parameters, c.trainable, c.frozen)
		}
		if s.GMAC224 != c.gmac224 || s.GMAC300 != c.gmac300 {
			t.Errorf("%s, %d classes: %v and %v GMAC, want %v and %v", c.head, c.classes, s.GMAC224, s.GMAC300, c.gmac224, c.gmac300)
		}
		sum := 0
		for _, r := range s.Stages {
			sum += r.Params
		}
		if sum != s.Parameters {
			t.Errorf("%s: the stages hold %d parameters, the whole %d", c.head, sum, s.Parameters)
		}
	}
}
