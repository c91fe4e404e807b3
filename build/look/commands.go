package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"blastlens/build/drawn"
)

// someRefused is the exit status of a command that left files out.
const someRefused = 3

// commands lets the binary at cli draw its pictures into out: data check of a
// folder with faults, evaluate's ROC and adapt's before and after. Its seeds are
// far from those of the shipped heads' training.
func commands(cli, out string) error {
	work, err := os.MkdirTemp("", "look")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	at := func(name string) string { return filepath.Join(work, name) }
	if err := errors.Join(
		faulty(at("faulty")),
		smears(at("unseen"), 700_000, 148, 148, 148, 148), // four blocks of numbers a class, for the intervals
		smears(at("local"), 800_000, 40, 40, 40, 40),
	); err != nil {
		return err
	}
	for _, c := range []struct {
		picture, made string
		args          []string
	}{
		{"classes.png", "classes.png", []string{"data", "check", at("faulty"), "--plot", at("classes.png")}},
		{"roc.png", "figures/roc.png", []string{"evaluate", "--data", at("unseen"), "--split", "all", "--head", "drawn", "--plots", at("figures")}},
		{"adapt.png", "adapt.png", []string{"adapt", "--data", at("local"), "--out", at("mine.blm"), "--plot", at("adapt.png")}},
	} {
		fmt.Printf("\nblastlens %s\n", strings.ReplaceAll(strings.Join(c.args, " "), work+string(filepath.Separator), ""))
		cmd := exec.Command(cli, c.args...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		var exit *exec.ExitError
		if err := cmd.Run(); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == someRefused) {
			return fmt.Errorf("%s %s: %w", cli, c.args[0], err)
		}
		if err := keep(at(c.made), filepath.Join(out, c.picture)); err != nil {
			return fmt.Errorf("%s: %w", c.picture, err)
		}
	}
	return nil
}

// smears draws counts[k] fields of class k, with seeds from seed+1, into dir.
func smears(dir string, seed uint64, counts ...int) error {
	for k, class := range drawn.Classes() {
		for i := range counts[k] {
			if err := drawn.Write(filepath.Join(dir, class, fmt.Sprintf("%03d.jpg", i+1)), class, seed+uint64(i+1), 224); err != nil {
				return err
			}
		}
	}
	return nil
}

// faulty draws a folder in which a smear has been copied to another class, one
// has lost its label, and one its end.
func faulty(dir string) error {
	if err := smears(dir, 600_000, 50, 90, 84, 66); err != nil {
		return err
	}
	twin, err := os.ReadFile(filepath.Join(dir, "Early", "007.jpg"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "Pre", "085.jpg"), twin, 0o644),
		os.WriteFile(filepath.Join(dir, "Pro", "067.jpg"), twin[:len(twin)/2], 0o644),
		drawn.Write(filepath.Join(dir, "unknown.jpg"), "Pro", 600_100, 224),
	)
}

// keep writes a figure's 256 most frequent colours, and the nearest of them for
// the rest, which are shades at edges: that is a third of the bytes.
func keep(from, to string) error {
	file, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return err
	}
	box, often := img.Bounds(), map[color.Color]int{}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			often[img.At(x, y)]++
		}
	}
	palette := slices.SortedFunc(maps.Keys(often), func(a, b color.Color) int {
		return cmp.Or(often[b]-often[a], cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	small := image.NewPaletted(box, palette[:min(256, len(palette))])
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			small.Set(x, y, img.At(x, y))
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, small); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}
