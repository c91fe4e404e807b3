package intake

import "errors"

// Kinds of refusal; errors.Is(err, ErrTruncated) holds for a Refusal of that kind.
var (
	ErrEmpty       = errors.New("empty file")
	ErrNotPicture  = errors.New("not a picture")
	ErrUnsupported = errors.New("unsupported format")
	ErrTruncated   = errors.New("incomplete picture")
	ErrDamaged     = errors.New("damaged picture")
	ErrTooLarge    = errors.New("picture too large")
	ErrTooSmall    = errors.New("picture too small")
	ErrDepth       = errors.New("more than 8 bits a channel")
	ErrColour      = errors.New("unsupported colour space")
)

// Refusal says why a file was not taken for a picture and what to do about it.
type Refusal struct {
	File   string // as the caller named it
	Reason string // what is wrong, e.g. "the file is empty"
	Advice string // what would be accepted; may be empty
	Kind   error  // one of the errors above
}

func (r *Refusal) Error() string { return r.File + ": " + r.Message() }

// Message is the refusal without the file's name, for a screen that shows it.
func (r *Refusal) Message() string {
	if r.Advice == "" {
		return r.Reason
	}
	return r.Reason + "; " + r.Advice
}

func (r *Refusal) Unwrap() error { return r.Kind }

// refuse leaves File to Decode, which knows it.
func refuse(kind error, reason, advice string) error {
	return &Refusal{Reason: reason, Advice: advice, Kind: kind}
}

const (
	adviceSave  = "save it as an 8-bit JPEG or PNG"
	adviceAgain = "copy or export the file again"
)
