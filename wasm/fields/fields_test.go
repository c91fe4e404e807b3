package fields_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"blastlens/wasm/fields"
)

type inner struct {
	Name string `json:"name"`
}

func (i *inner) Fields(c *fields.Coder) { fields.String(c, "name", &i.Name) }

type outer struct {
	Text     string               `json:"text,omitempty"`
	Yes      bool                 `json:"yes"`
	N        int                  `json:"n"`
	Long     int64                `json:"long"`
	Seed     uint32               `json:"seed"`
	F        float32              `json:"f"`
	D        float64              `json:"d"`
	Texts    []string             `json:"texts"`
	Ints     []int                `json:"ints,omitempty"`
	Floats   []float32            `json:"floats"`
	Mean     [3]float32           `json:"mean"`
	By       map[string][]float32 `json:"by"`
	Record   json.RawMessage      `json:"record,omitempty"`
	In       inner                `json:"in"`
	Optional *inner               `json:"optional,omitempty"`
	All      []inner              `json:"all"`
}

func (o *outer) Fields(c *fields.Coder) {
	fields.String(c, "text,omitempty", &o.Text)
	fields.Bool(c, "yes", &o.Yes)
	fields.Int(c, "n", &o.N)
	fields.Int(c, "long", &o.Long)
	fields.Int(c, "seed", &o.Seed)
	fields.Float(c, "f", &o.F)
	fields.Float(c, "d", &o.D)
	fields.Strings(c, "texts", &o.Texts)
	fields.Ints(c, "ints,omitempty", &o.Ints)
	fields.Floats(c, "floats", &o.Floats)
	fields.Three(c, "mean", &o.Mean)
	fields.FloatsByName(c, "by", &o.By)
	fields.Raw(c, "record,omitempty", (*[]byte)(&o.Record))
	fields.Object(c, "in", &o.In)
	fields.Optional(c, "optional,omitempty", &o.Optional)
	fields.Objects(c, "all", &o.All)
}

func full() outer {
	return outer{
		Text: "a \"field\" ü \\ <x> & \n\x00\x1f\x7f\u2028 \U0001f52c", Yes: true, N: -7, Long: math.MaxInt64, Seed: math.MaxUint32,
		F: -3e-7, D: 1e300, Texts: []string{"", "b"}, Ints: []int{3, 3}, Floats: []float32{0.1, 1e21, math.MaxFloat32, math.SmallestNonzeroFloat32},
		Mean: [3]float32{0.485, 0.456, 0.406}, By: map[string][]float32{"b": {1}, "a\t": {}},
		Record: []byte(`{"\u003ck":[1.50,{"x":null}],"e":1E5}`), In: inner{"i"}, Optional: &inner{"o"}, All: []inner{{"1"}, {"2"}},
	}
}

// Both ways agree with encoding/json, which reads what is written here and
// writes what is read here.
func TestAgreesWithEncodingJSON(t *testing.T) {
	for name, want := range map[string]outer{"full": full(), "empty": {}} {
		ours, err := fields.Marshal(&want)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var a, b, c outer
		for to, from := range map[*outer][]byte{&a: ours, &b: theirs} {
			if err := fields.Unmarshal(from, to); err != nil {
				t.Fatalf("%s: %s: %v", name, from, err)
			}
		}
		if err := json.Unmarshal(ours, &c); err != nil {
			t.Fatalf("%s: %s: %v", name, ours, err)
		}
		for _, got := range []outer{a, b, c} {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
		}
	}
}

func TestWhatIsNoNumber(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(-1)} {
		if _, err := fields.Marshal(&outer{D: x}); err == nil || !strings.Contains(err.Error(), "d: ") {
			t.Errorf("%v: %v", x, err)
		}
	}
	if _, err := fields.Marshal(&outer{Record: []byte(`{"a"`)}); err == nil {
		t.Error("a broken record was written")
	}
	bad := inner{"a\xffb"}
	if text, err := fields.Marshal(&bad); err != nil || string(text) != `{"name":"a`+"\ufffd"+`b"}` {
		t.Errorf("%q, %v", text, err)
	}
}

func TestRefuses(t *testing.T) {
	for _, text := range []string{
		"", "null", "[]", "7", `"x"`, "{} {}", "{}x", `{"n":1`, `{"n":1,}`, `{n:1}`, `{"n":01}`, `{"d":NaN}`, `{"d":inf}`, `{"d":-}`, `{"x":nan}`,
		`{"n":"1"}`, `{"n":1.5}`, `{"n":1e3}`, `{"n":9223372036854775808}`, `{"seed":-1}`, `{"seed":4294967296}`, `{"f":1e39}`, `{"d":1e999}`, `{"f":true}`,
		`{"yes":1}`, `{"yes":"true"}`, `{"text":1}`, `{"text":"` + "\n" + `"}`, `{"text":"\x"}`, "{\"text\":\"\xff\"}", `{"texts":"a"}`, `{"texts":[1]}`, `{"texts":{}}`,
		`{"floats":[null]}`, `{"mean":[1,2]}`, `{"mean":[1,2,3,4]}`, `{"by":[]}`, `{"by":{"a":1}}`, `{"by":{"a":[""]}}`, `{"in":[]}`, `{"optional":1}`, `{"all":[1]}`, `{"all":{}}`,
		`{"record":}`, `{"record":{"a":tru}}`, `{"x":` + strings.Repeat("[", 1<<20), `{"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + "}",
	} {
		var o outer
		if err := fields.Unmarshal([]byte(text), &o); err == nil {
			t.Errorf("%.60q was taken: %+v", text, o)
		}
	}
	var o outer
	if err := fields.Unmarshal([]byte(`{"n":null,"unknown":{"n":[2]},"all":[{}]}`), &o); err != nil || len(o.All) != 1 {
		t.Errorf("%+v, %v", o, err)
	}
	if err := fields.Unmarshal([]byte(`{"all":[{},{"name":3}]}`), &o); err == nil || !strings.Contains(err.Error(), "all: 1: name: is number, want string") {
		t.Errorf("the place is not told: %v", err)
	}
}

// What is taken here, encoding/json takes too, and it is written again as it was read.
func FuzzUnmarshal(f *testing.F) {
	o := full()
	text, err := fields.Marshal(&o)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"all":[{"name":"\ud83d\udd2c\/"}],"record":[ 1 , "\u0041" ]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var o outer
		if fields.Unmarshal(data, &o) != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q is no JSON", data)
		}
		text, err := fields.Marshal(&o)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		var again outer
		if err := fields.Unmarshal(text, &again); err != nil {
			t.Fatalf("%q: written as %q: %v", data, text, err)
		}
		twice, err := fields.Marshal(&again)
		if err != nil || !json.Valid(text) || string(twice) != string(text) {
			t.Fatalf("%q: written as %q, then as %q: %v", data, text, twice, err)
		}
	})
}
