package learn

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrCheckpoint is wrapped where a checkpoint is not this training's.
var ErrCheckpoint = errors.New("not a checkpoint of this training")

// checkpoint is the file: everything that the next step depends on.
type checkpoint struct {
	Identity string
	Recipe   Recipe
	Weights  []float32
	Optimiser
	State  state
	Device string // that it was made on
}

// Optimiser is the moments of AdamW and their count.
type Optimiser struct {
	Steps         int
	First, Second [][]float32
}

// save writes the checkpoint under a temporary name and renames it: a full disk
// or a crash leaves the one before.
func (t *Training) save() error {
	if t.Checkpoint == "" {
		return nil
	}
	a := t.optimiser
	c := checkpoint{t.Identity, t.Recipe, t.Network.take(), Optimiser{a.Step, a.First, a.Second}, t.state, t.RunsOn()}
	if err := writeWhole(t.Checkpoint, func(f *os.File) error {
		w := bufio.NewWriterSize(f, 1<<20)
		return errors.Join(gob.NewEncoder(w).Encode(c), w.Flush(), f.Sync())
	}); err != nil {
		return fmt.Errorf("learn: checkpoint %s: %w; the one before it is whole", t.Checkpoint, err)
	}
	return nil
}

func writeWhole(path string, write func(*os.File) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// Resume goes back to where the checkpoint's training was.
func (t *Training) Resume(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	defer f.Close()
	var c checkpoint
	if err := gob.NewDecoder(bufio.NewReaderSize(f, 1<<20)).Decode(&c); err != nil {
		return fmt.Errorf("learn: %s: %w: %w", path, ErrCheckpoint, err)
	}
	switch {
	case c.Identity != t.Identity:
		return fmt.Errorf("learn: %s: %w: another network, other pictures or another split", path, ErrCheckpoint)
	case c.Recipe != t.Recipe:
		return fmt.Errorf("learn: %s: %w: its recipe is %+v, this one's %+v", path, ErrCheckpoint, c.Recipe, t.Recipe)
	}
	if err := t.prepare(); err != nil {
		return err
	}
	fits := len(c.Weights) == len(t.Network.take()) && len(c.First) == len(t.optimiser.First) && len(c.Second) == len(t.optimiser.Second)
	for k := 0; fits && k < len(c.First); k++ {
		fits = len(c.First[k]) == len(t.optimiser.First[k]) && len(c.Second[k]) == len(t.optimiser.Second[k])
	}
	if !fits {
		return fmt.Errorf("learn: %s: %w: its arrays have other sizes", path, ErrCheckpoint)
	}
	t.Network.put(c.Weights)
	t.optimiser.Step, t.optimiser.First, t.optimiser.Second = c.Steps, c.First, c.Second
	t.state, t.checkpointBy = c.State, c.Device
	return nil
}

// lastGood tells where the last checkpoint is.
func (t *Training) lastGood() string {
	if t.Checkpoint == "" {
		return "There is no checkpoint."
	}
	if _, err := os.Stat(t.Checkpoint); errors.Is(err, fs.ErrNotExist) {
		return "No checkpoint was written yet."
	}
	return "The last good checkpoint is " + t.Checkpoint + "."
}
