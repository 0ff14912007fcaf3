package ondemand

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"ondemand-api-proxy/domain"
)

// checkDelta checks what is promised of every delta.
func checkDelta(t testing.TB, delta *domain.Delta) {
	t.Helper()
	if len(delta.Text) == 0 {
		t.Error("a delta is empty")
	}
	if !utf8.Valid(delta.Text) {
		t.Errorf("the text %q is not UTF-8", delta.Text)
	}
	if delta.Escaped == nil {
		return
	}
	if !utf8.Valid(delta.Escaped) {
		t.Errorf("the escaped form %q is not UTF-8", delta.Escaped)
	}
	var decoded string
	if err := json.Unmarshal([]byte(`"`+string(delta.Escaped)+`"`), &decoded); err != nil {
		t.Fatalf("the escaped form %q is no JSON: %v", delta.Escaped, err)
	}
	if decoded != string(delta.Text) {
		t.Errorf("the escaped form %q decodes to %q, the text is %q", delta.Escaped, decoded, delta.Text)
	}
}

func TestDeltaKeepsTheEscapedFormExactlyWhenItIsValid(t *testing.T) {
	tests := map[string]struct {
		insides []string // of consecutive deltas of one kind
		texts   []string
		escaped []string // "-": nil
	}{
		"plain text is handed on as it is":  {[]string{`abc é 😀`}, []string{"abc é 😀"}, []string{`abc é 😀`}},
		"escapes are kept":                  {[]string{`a\n\"b\"\\\/\t\b\f\r`}, []string{"a\n\"b\"\\/\t\b\f\r"}, []string{`a\n\"b\"\\\/\t\b\f\r`}},
		"unicode escapes are kept":          {[]string{`\u00e9\uD83D\ude00\u0000`}, []string{"é😀\x00"}, []string{`\u00e9\uD83D\ude00\u0000`}},
		"an escaped replacement is kept":    {[]string{`\ufffd`}, []string{"\ufffd"}, []string{`\ufffd`}},
		"a lone low surrogate is replaced":  {[]string{`a\ude00b`}, []string{"a\ufffdb"}, []string{"-"}},
		"a lone high surrogate is replaced": {[]string{`a\ud83db`}, []string{"a\ufffdb"}, []string{"-"}},
		"two high surrogates":               {[]string{`\ud83d\ud83d\ude00`}, []string{"\ufffd😀"}, []string{"-"}},
		"an invalid byte is replaced":       {[]string{"a\xffb"}, []string{"a\ufffdb"}, []string{"-"}},
		"an invalid byte beside an escape":  {[]string{"a\\n\xffb\\n"}, []string{"a\n\ufffdb\n"}, []string{"-"}},
		"a surrogate pair split in two":     {[]string{`a\ud83d`, `\ude00b`}, []string{"a", "😀b"}, []string{"a", `\ud83d\ude00b`}},
		"an escaped backslash is no half":   {[]string{`a\\ud83d`}, []string{`a\ud83d`}, []string{`a\\ud83d`}},
		"raw UTF-8 split in two":            {[]string{"a\xf0\x9f", "\x98\x80b"}, []string{"a", "😀b"}, []string{"a", "😀b"}},
		"raw UTF-8 split after an escape":   {[]string{"\\n\xe2\x82", "\xac"}, []string{"\n", "€"}, []string{`\n`, "€"}},
		"a character split in three": {
			[]string{"\xf0", "\x9f", "\x98\x80"},
			[]string{"", "", "😀"},
			[]string{"", "", "😀"},
		},
		"a half that is never completed": {[]string{`\ud83d`, `x`}, []string{"", "\ufffdx"}, []string{"", "-"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := deltaText{scratch: new([2]textScratch)}
			for i, inside := range test.insides {
				delta, ok := d.delta(domain.AnswerDelta, []byte(inside))
				if ok != (test.texts[i] != "") || string(delta.Text) != test.texts[i] {
					t.Fatalf("delta %d: got %q, %v; want %q", i, delta.Text, ok, test.texts[i])
				}
				if !ok {
					continue
				}
				checkDelta(t, &delta)
				escaped := "-"
				if delta.Escaped != nil {
					escaped = string(delta.Escaped)
				}
				if escaped != test.escaped[i] {
					t.Errorf("delta %d: got escaped %q, want %q", i, escaped, test.escaped[i])
				}
				d.turn()
			}
		})
	}
}

func TestPlainTextIsNotCopied(t *testing.T) {
	d := deltaText{scratch: new([2]textScratch)}
	inside := []byte("no escapes here")
	delta, _ := d.delta(domain.AnswerDelta, inside)
	if &delta.Text[0] != &inside[0] || &delta.Escaped[0] != &inside[0] {
		t.Error("text without escapes was copied")
	}
}
