package augment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Parse reads a list from a spec: "none" (or nothing), "default" (all kinds
// with their usual amounts), or kinds separated by commas, each as
// name[:amount][@probability], such as
//
//	flip,rot90,rotate:10,zoom:1.1,light:0.2,blur:1@0.3,jpeg:40-95,scalebar
//
// Whatever their order there, they are applied in the order of All.
func Parse(spec string) (List, error) {
	switch spec = strings.TrimSpace(spec); spec {
	case "", "none":
		return nil, nil
	case "default":
		var l List
		for _, k := range All {
			l = append(l, k.transform())
		}
		return l, nil
	}
	var l List
	for _, word := range strings.Split(spec, ",") {
		t, err := parseTransform(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("augment: %w", err)
		}
		if slices.ContainsFunc(l, func(o Transform) bool { return o.Kind.Name == t.Kind.Name }) {
			return nil, fmt.Errorf("augment: %s is there twice", t.Kind.Name)
		}
		l = append(l, t)
	}
	slices.SortFunc(l, func(a, b Transform) int { return place(a.Kind.Name) - place(b.Kind.Name) })
	return l, nil
}

// String is the spec of a list: Parse(l.String()) is l.
func (l List) String() string {
	if len(l) == 0 {
		return "none"
	}
	words := make([]string, len(l))
	for i, t := range l {
		words[i] = t.String()
	}
	return strings.Join(words, ",")
}

// String is the transform as a spec has it; a probability is named only where
// it is not the usual one.
func (t Transform) String() string {
	s := t.Kind.Name
	if t.Kind.amounts > 0 {
		s += ":" + decimal(t.Amount[0])
	}
	if t.Kind.amounts > 1 {
		s += "-" + decimal(t.Amount[1])
	}
	if t.Probability != t.Kind.probability {
		s += "@" + decimal(t.Probability)
	}
	return s
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// place is the index of a kind in All, -1 if there is no such kind.
func place(name string) int {
	return slices.IndexFunc(All, func(k Kind) bool { return k.Name == name })
}

// transform is the kind with its usual amount and probability.
func (k Kind) transform() Transform {
	return Transform{Kind: k, Amount: k.usual, Probability: k.probability}
}

// parseTransform reads name[:amount][@probability].
func parseTransform(word string) (Transform, error) {
	rest, probability, hasProbability := strings.Cut(word, "@")
	name, amount, hasAmount := strings.Cut(rest, ":")
	at := place(name)
	if at < 0 {
		var known []string
		for _, k := range All {
			known = append(known, k.Name)
		}
		return Transform{}, fmt.Errorf("no transform is called %q; there are %s", name, strings.Join(known, ", "))
	}
	t := All[at].transform()
	if hasAmount {
		var err error
		if t.Amount, err = t.Kind.parseAmount(amount); err != nil {
			return Transform{}, fmt.Errorf("%s:%s: %w", name, amount, err)
		}
	}
	if hasProbability {
		p, err := strconv.ParseFloat(probability, 64)
		if err != nil || !(p > 0 && p <= 1) {
			return Transform{}, fmt.Errorf("%s: probability %q, want more than 0 and at most 1", name, probability)
		}
		t.Probability = p
	}
	return t, nil
}

func (k Kind) parseAmount(text string) (amount [2]float64, err error) {
	parts := []string{text}
	switch {
	case k.amounts == 0:
		return amount, fmt.Errorf("%s takes no amount", k.Name)
	case k.amounts == 2:
		if parts = strings.Split(text, "-"); len(parts) != 2 {
			return amount, fmt.Errorf("want an interval such as %s-%s", decimal(k.usual[0]), decimal(k.usual[1]))
		}
	}
	for i, part := range parts {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil || !(v >= k.least && v <= k.most) { // the negation catches NaN
			return amount, fmt.Errorf("want a number from %s to %s", decimal(k.least), decimal(k.most))
		}
		amount[i] = v + 0 // -0 is 0
	}
	if len(parts) == 1 {
		amount[1] = amount[0]
	}
	if amount[0] > amount[1] {
		return amount, fmt.Errorf("the interval ends before it begins")
	}
	return amount, nil
}
