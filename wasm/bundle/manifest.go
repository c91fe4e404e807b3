package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ErrCorrupt is wrapped where a bundle's bytes are not those of its manifest.
var ErrCorrupt = errors.New("model file is not the one its manifest describes")

// Seal returns length and hash of a bundle's bytes; File and Version are the
// caller's to set.
func Seal(data []byte) Manifest {
	sum := sha256.Sum256(data)
	return Manifest{Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

// Verify reports bytes that differ from those that were sealed, once the last
// has arrived, or why it never will.
func Verify(f File, m Manifest) error {
	sum, err := f.SHA256()
	if err != nil {
		return fmt.Errorf("%s: %w", m.File, err)
	}
	if f.Size() != m.Bytes {
		return fmt.Errorf("%s: %w: %d bytes, want %d", m.File, ErrCorrupt, f.Size(), m.Bytes)
	}
	if got := hex.EncodeToString(sum[:]); !strings.EqualFold(got, m.SHA256) {
		return fmt.Errorf("%s: %w: SHA-256 is %s, want %s", m.File, ErrCorrupt, got, m.SHA256)
	}
	return nil
}
