// Package fields reads and writes structs as JSON objects. A struct lists its
// fields once, for both ways, so that nothing needs reflection: encoding/json
// would be a tenth of the engine that a tab downloads.
package fields

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/valyala/fastjson"
)

// Struct is the pointer to a struct that goes as a JSON object.
type Struct interface {
	// Fields calls one function of this package for each field. A name may end in
	// ",omitempty", which means what it does in a tag of encoding/json. A field
	// that is absent or null keeps its value; unknown ones are ignored.
	Fields(*Coder)
}

// Coder is a value under way, in one of the two directions.
type Coder struct {
	in  *fastjson.Value // what is read; nil while writing
	out []byte
	err error // the first
}

// Marshal writes s.
func Marshal(s Struct) ([]byte, error) {
	var c Coder
	c.object(s)
	return c.out, c.err
}

// Unmarshal reads s from data that holds one JSON object and nothing more.
func Unmarshal(data []byte, s Struct) error {
	in, err := parse(data)
	if err != nil {
		return err
	}
	c := Coder{in: in}
	c.object(s)
	return c.err
}

// parse first parses, since only that limits the depth, and then checks what
// the parser is lax about: NaN, control characters, numbers and escapes.
func parse(data []byte) (*fastjson.Value, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("JSON is not UTF-8")
	}
	v, err := fastjson.ParseBytes(data)
	if err != nil {
		return nil, err
	}
	return v, fastjson.ValidateBytes(data)
}

// String is a field.
func String[T ~string](c *Coder, name string, v *T) {
	s := string(*v)
	c.field(name, s == "", func() { c.text(&s) })
	*v = T(s)
}

// Bool is a field.
func Bool(c *Coder, name string, v *bool) { c.field(name, !*v, func() { c.boolean(v) }) }

// Int is a field.
func Int[T ~int | ~int64 | ~uint32](c *Coder, name string, v *T) {
	n := int64(*v)
	c.field(name, n == 0, func() { c.whole(&n) })
	if *v = T(n); int64(*v) != n && c.err == nil {
		c.err = fmt.Errorf("%s: %d is out of range", name, n)
	}
}

// Float is a field.
func Float[T ~float32 | ~float64](c *Coder, name string, v *T) {
	x, bits := float64(*v), int(8*unsafe.Sizeof(*v))
	c.field(name, x == 0, func() { c.real(&x, bits) })
	*v = T(x)
}

// Strings is a field.
func Strings(c *Coder, name string, v *[]string) {
	list(c, name, v, func(v *string) { c.text(v) })
}

// Ints is a field.
func Ints(c *Coder, name string, v *[]int) {
	list(c, name, v, func(v *int) {
		n := int64(*v)
		if c.whole(&n); int64(int(n)) != n {
			c.err = fmt.Errorf("%d is out of range", n)
		}
		*v = int(n)
	})
}

// Floats is a field.
func Floats(c *Coder, name string, v *[]float32) {
	c.field(name, len(*v) == 0, func() { c.floats(v) })
}

// Three is a field of exactly three numbers.
func Three(c *Coder, name string, v *[3]float32) {
	c.field(name, *v == [3]float32{}, func() {
		three := v[:]
		if c.floats(&three); c.err == nil && len(three) != 3 {
			c.err = fmt.Errorf("%d numbers, want 3", len(three))
		}
		if c.err == nil {
			*v = [3]float32(three)
		}
	})
}

// FloatsByName is a field.
func FloatsByName(c *Coder, name string, v *map[string][]float32) {
	c.field(name, len(*v) == 0, func() { c.floatsByName(v) })
}

// Raw is a field whose value is any JSON, kept as it is but for white space.
func Raw(c *Coder, name string, v *[]byte) {
	c.field(name, len(*v) == 0, func() { c.raw(v) })
}

// Object is a field.
func Object(c *Coder, name string, v Struct) { c.field(name, false, func() { c.object(v) }) }

// Optional is an object that may be absent: nil.
func Optional[T any, P pointer[T]](c *Coder, name string, v **T) {
	c.field(name, *v == nil, func() {
		switch {
		case c.in != nil:
			*v = new(T)
		case *v == nil:
			c.null()
			return
		}
		c.object(P(*v))
	})
}

// Objects is a field.
func Objects[T any, P pointer[T]](c *Coder, name string, v *[]T) {
	list(c, name, v, func(v *T) { c.object(P(v)) })
}

type pointer[T any] interface {
	*T
	Struct
}

// field codes a value under its name. What is generic stays above and short: an
// instance for each type would cost more than reflection.
func (c *Coder) field(name string, empty bool, code func()) {
	if c.err != nil {
		return
	}
	name, omit := strings.CutSuffix(name, ",omitempty")
	if c.in == nil {
		if omit && empty {
			return
		}
		c.key(name)
		code()
	} else if value := c.in.Get(name); value != nil && value.Type() != fastjson.TypeNull {
		c.of(value, code)
	}
	if c.err != nil {
		c.err = fmt.Errorf("%s: %w", name, c.err)
	}
}

func list[T any](c *Coder, name string, v *[]T, code func(*T)) {
	c.field(name, len(*v) == 0, func() {
		if c.in == nil && *v == nil {
			c.null()
			return
		}
		c.items(len(*v), func(n int) { *v = make([]T, n) }, func(i int) { code(&(*v)[i]) })
	})
}

// of reads a value within the one that is read.
func (c *Coder) of(value *fastjson.Value, read func()) {
	whole := c.in
	c.in = value
	read()
	c.in = whole
}

// want reports a value of another type.
func (c *Coder) want(t fastjson.Type) bool {
	if got := c.in.Type(); got != t && c.err == nil {
		c.err = fmt.Errorf("is %s, want %s", got, t)
	}
	return c.err == nil
}

// comma separates what follows from what stands before it.
func (c *Coder) comma() {
	if last := c.out[len(c.out)-1]; last != '{' && last != '[' {
		c.out = append(c.out, ',')
	}
}

func (c *Coder) key(name string) {
	c.comma()
	c.quote(name)
	c.out = append(c.out, ':')
}

func (c *Coder) null() { c.out = append(c.out, "null"...) }

func (c *Coder) object(s Struct) {
	if c.in != nil {
		if c.want(fastjson.TypeObject) {
			s.Fields(c)
		}
		return
	}
	c.out = append(c.out, '{')
	s.Fields(c)
	c.out = append(c.out, '}')
}

// items codes a list of n values, or as many as there are to read.
func (c *Coder) items(n int, grow func(n int), code func(i int)) {
	if c.in != nil {
		if !c.want(fastjson.TypeArray) {
			return
		}
		values := c.in.GetArray()
		grow(len(values))
		for i, value := range values {
			if c.of(value, func() { code(i) }); c.err != nil {
				c.err = fmt.Errorf("%d: %w", i, c.err)
				return
			}
		}
		return
	}
	c.out = append(c.out, '[')
	for i := range n {
		if i > 0 {
			c.out = append(c.out, ',')
		}
		code(i)
	}
	c.out = append(c.out, ']')
}

func (c *Coder) floats(v *[]float32) {
	if c.in == nil && *v == nil {
		c.null()
		return
	}
	c.items(len(*v), func(n int) { *v = make([]float32, n) }, func(i int) {
		x := float64((*v)[i])
		c.real(&x, 32)
		(*v)[i] = float32(x)
	})
}

func (c *Coder) floatsByName(v *map[string][]float32) {
	if c.in != nil {
		if !c.want(fastjson.TypeObject) {
			return
		}
		*v = map[string][]float32{}
		c.in.GetObject().Visit(func(key []byte, value *fastjson.Value) {
			var numbers []float32
			if c.err == nil {
				c.of(value, func() { c.floats(&numbers) })
			}
			(*v)[string(key)] = numbers
		})
		return
	}
	if *v == nil {
		c.null()
		return
	}
	var names []string // in order, without a sort's weight
	for name := range *v {
		at, _ := slices.BinarySearch(names, name)
		names = slices.Insert(names, at, name)
	}
	c.out = append(c.out, '{')
	for _, name := range names {
		c.key(name)
		numbers := (*v)[name]
		c.floats(&numbers)
	}
	c.out = append(c.out, '}')
}

func (c *Coder) raw(v *[]byte) {
	if c.in != nil {
		*v = c.in.MarshalTo(nil)
		return
	}
	value, err := parse(*v)
	if err != nil {
		c.err = err
		return
	}
	c.out = value.MarshalTo(c.out)
}

func (c *Coder) boolean(v *bool) {
	switch {
	case c.in == nil:
		c.out = strconv.AppendBool(c.out, *v)
	case c.in.Type() == fastjson.TypeTrue:
		*v = true
	case c.in.Type() == fastjson.TypeFalse:
		*v = false
	default:
		c.err = fmt.Errorf("is %s, want true or false", c.in.Type())
	}
}

func (c *Coder) whole(v *int64) {
	if c.in == nil {
		c.out = strconv.AppendInt(c.out, *v, 10)
		return
	}
	if c.want(fastjson.TypeNumber) {
		*v, c.err = strconv.ParseInt(c.number(), 10, 64)
	}
}

func (c *Coder) real(v *float64, bits int) {
	if c.in == nil {
		if math.IsNaN(*v) || math.IsInf(*v, 0) {
			c.err = fmt.Errorf("JSON has no number %v", *v)
		}
		c.out = strconv.AppendFloat(c.out, *v, 'g', -1, bits)
		return
	}
	if c.want(fastjson.TypeNumber) {
		// fastjson's own conversion may be off by a bit.
		*v, c.err = strconv.ParseFloat(c.number(), bits)
	}
}

// number is the text of the number that is read.
func (c *Coder) number() string { return string(c.in.MarshalTo(nil)) }

func (c *Coder) text(v *string) {
	if c.in != nil {
		if c.want(fastjson.TypeString) {
			*v = string(c.in.GetStringBytes())
		}
		return
	}
	c.quote(*v)
}

// quote writes a string. fastjson would quote it as Go does, which is not always JSON.
func (c *Coder) quote(s string) {
	c.out = append(c.out, '"')
	for _, r := range s { // what is not UTF-8 becomes U+FFFD
		switch {
		case r == '"' || r == '\\':
			c.out = append(c.out, '\\', byte(r))
		case r < ' ':
			const hex = "0123456789abcdef"
			c.out = append(c.out, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			c.out = utf8.AppendRune(c.out, r)
		}
	}
	c.out = append(c.out, '"')
}
