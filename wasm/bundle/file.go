package bundle

import (
	"crypto/sha256"
	"io"
)

// File is a bundle's bytes, which may still be arriving.
type File interface {
	// Size is how many bytes there will be.
	Size() int64
	// Fill reads the bytes from offset at on, and waits until they are there. Its
	// error is why they will never be.
	Fill(to []byte, at int64) error
	// SHA256 waits for the last byte.
	SHA256() ([sha256.Size]byte, error)
}

// Bytes is a file that is there.
type Bytes []byte

func (b Bytes) Size() int64 { return int64(len(b)) }

func (b Bytes) Fill(to []byte, at int64) error {
	if at > int64(len(b)) || copy(to, b[at:]) < len(to) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (b Bytes) SHA256() ([sha256.Size]byte, error) { return sha256.Sum256(b), nil }
