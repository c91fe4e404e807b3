// Package model embeds the packed model that ships and its manifest.
package model

import "embed"

// Name of the shipped bundle; its manifest is the same with .json.
const Name = "blastlens-b3"

// A pattern, not two names, so that the trainer that makes the first model can
// itself be built.
//
//go:embed *
var files embed.FS

// Bundle and Manifest are nil in a build made before there was a model.
var (
	Bundle   = read(Name + ".blm")
	Manifest = read(Name + ".json")
)

func read(name string) []byte {
	data, err := files.ReadFile(name)
	if err != nil {
		return nil
	}
	return data
}
