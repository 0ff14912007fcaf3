package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// bomb is a body that is small to send and large to read, or means nothing.
type bomb struct {
	name, body string
	statuses   []int
}

func bombs() []bomb {
	const deep, mib = 100_000, 1 << 20
	bad, good := []int{400}, []int{200}
	nested := func(open, inner, shut string) string {
		return strings.Repeat(open, deep) + inner + strings.Repeat(shut, deep)
	}
	member := func(text string) string { return `"x":` + text }
	many := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	content := func(text string) string { return chatBody("gpt-4o", `{"role":"user","content":"`+text+`"}`) }
	names := make([]string, deep)
	for i := range names {
		names[i] = fmt.Sprintf(`"name%d":%d`, i, i)
	}
	return []bomb{
		{"an array of arrays", nested("[", "", "]"), bad},
		{"an array of arrays without an end", strings.Repeat("[", deep), bad},
		{"arrays in an unknown field", asks("x", member(nested("[", "1", "]"))), bad},
		{"objects in an unknown field", asks("x", member(nested(`{"a":`, "1", "}"))), bad},
		{"objects in an unknown field without an end", strings.TrimSuffix(asks("x"), "}") + `,"x":` + strings.Repeat(`{"a":`, deep), bad},
		{"arrays for a message", chatBody("gpt-4o", nested("[", "", "]")), bad},
		{"arrays for a content", chatBody("gpt-4o", `{"role":"user","content":`+nested("[", "", "]")+`}`), bad},
		{"arrays for a stop", asks("x", `"stop":`+nested("[", "", "]")), bad},
		{"a thousand levels", asks("x", member(strings.Repeat("[", 1000)+strings.Repeat("]", 1000))), good},

		{"a name twice", `{"model":"gpt-4o","model":"gpt-4o"}`, bad},
		{"a name twice, deep inside", asks("x", `"x":{"a":[{"b":{"c":1,"c":2}}]}`), bad},
		{"a name twice in a message", chatBody("gpt-4o", `{"role":"user","content":"a","content":"b"}`), bad},
		{"a name twice, once escaped", asks("x", `"x":{"a":1,"\u0061":2}`), bad},
		{"a hundred thousand names", asks("x", member(`{`+strings.Join(names, ",")+`}`)), good},
		{"a hundred thousand names and the first again", asks("x", member(`{`+strings.Join(names, ",")+`,"name0":1}`)), bad},
		{"a hundred thousand unknown fields", `{"model":"gpt-4o","messages":[{"role":"user","content":"x"}],` + strings.Join(names, ",") + `}`, good},
		{"a name of a mebibyte", asks("x", `"`+strings.Repeat("k", mib)+`":1`), good},
		{"a name of a mebibyte, twice", asks("x", `"`+strings.Repeat("k", mib)+`":1,"`+strings.Repeat("k", mib)+`":1`), bad},
		{"a role of a mebibyte", chatBody("gpt-4o", `{"role":"`+strings.Repeat("r", mib)+`","content":"x"}`), bad},
		{"a model of a mebibyte", chatBody(strings.Repeat("m", mib), `{"role":"user","content":"x"}`), []int{400, 404}},

		{"a number beyond all numbers", asks("x", `"temperature":1e999999`), bad},
		{"a number below all numbers", asks("x", `"temperature":-1e999999`), bad},
		{"a number next to nothing", asks("x", `"temperature":1e-999999`), good},
		{"a number of a mebibyte", asks("x", `"temperature":1`+strings.Repeat("0", mib)), bad},
		{"a fraction of a mebibyte", asks("x", `"temperature":0.`+strings.Repeat("1", mib)), good},
		{"an exponent of a mebibyte", asks("x", `"max_tokens":1e`+strings.Repeat("9", mib)), []int{400, 200}},
		{"a huge number in an unknown field", asks("x", member("1e999999")), good},
		{"a huge seed", asks("x", `"seed":`+strings.Repeat("9", 10_000)), good},
		{"huge n", asks("x", `"n":1e308`), bad},
		{"n of a billion", asks("x", `"n":1000000000`), bad},
		{"n beyond 64 bits", asks("x", `"n":99999999999999999999`), bad},
		{"not a number", asks("x", `"temperature":NaN`), bad},
		{"infinity", asks("x", `"temperature":Infinity`), bad},
		{"hex", asks("x", `"temperature":0x1`), bad},
		{"a leading zero", asks("x", `"temperature":01`), bad},

		{"invalid UTF-8", content("a\xffb\xc0\x80\xed\xa0\x80"), good},
		{"invalid UTF-8 as a name", asks("x", "\"\xff\xfe\":1"), good},
		{"a lone surrogate", content(`\ud800`), good},
		{"surrogates the wrong way round", content(`\udc00\ud800`), good},
		{"a hundred thousand lone surrogates", content(strings.Repeat(`\ud83d`, deep)), good},
		{"a byte order mark", "\ufeff" + asks("x"), bad},
		{"UTF-16", "{\x00\"\x00", bad},
		{"a NUL in a text", content(`a\u0000b`), good},
		{"a raw NUL in a text", content("a\x00b"), bad},
		{"a bad escape", content(`\x41`), bad},

		{"a hundred thousand messages", chatBody("gpt-4o", many(deep, `{"role":"user","content":"x"}`)), []int{400, 413, 200}},
		{"a hundred thousand system prompts", chatBody("gpt-4o", many(deep, `{"role":"system","content":"x"}`)+`,{"role":"user","content":"x"}`), []int{400, 413, 200}},
		{"a hundred thousand empty messages", chatBody("gpt-4o", many(deep, `{}`)), bad},
		{"a hundred thousand parts", chatBody("gpt-4o", `{"role":"user","content":[`+many(deep, `{"type":"text","text":"x"}`)+`]}`), []int{400, 413, 200}},
		{"a hundred thousand tool calls", chatBody("gpt-4o", `{"role":"assistant","tool_calls":[`+many(deep, `{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}`)+`]},{"role":"user","content":"x"}`), []int{400, 413, 200}},
		{"ten thousand stops", asks("x", `"stop":[`+many(10_000, `"a"`)+`]`), bad},
		{"a stop of a mebibyte", asks("x", `"stop":"`+strings.Repeat("s", mib)+`"`), []int{400, 200}},
		{"ten thousand modalities", asks("x", `"modalities":[`+many(10_000, `"text"`)+`]`), []int{400, 200}},
		{"white space of four mebibytes", strings.Repeat(" \n\t\r", mib) + asks("x"), good},
		{"white space of four mebibytes behind", asks("x") + strings.Repeat(" \n\t\r", mib), good},
		{"nothing", "", bad},
		{"null", "null", bad},
		{"a text", `"text"`, bad},
		{"two documents", asks("x") + asks("x"), bad},
		{"a form", "model=gpt-4o&messages=x", bad},
		{"zeros of a mebibyte", strings.Repeat("\x00", mib), bad},
		{"escapes of four mebibytes", content(strings.Repeat(`\u0041`, 4*mib/6)), good},
		{"one word of four mebibytes", content(strings.Repeat("a", 4*mib)), good},
		{"a body beyond the limit", content(strings.Repeat("a", 20*mib)), []int{413}},
	}
}

// What a bomb may take: of the processor, and until its answer, even on a busy machine.
const (
	mostWork = time.Second
	mostWait = 20 * time.Second
)

func TestABombIsDefusedInTimeAndTakesNoMemory(t *testing.T) {
	t.Parallel()
	p := start(t, sim.Start(t, sim.Options{Model: sim.Say("Fine."), KeepCalls: 1, KeepSessions: 1}), paramAccounts, "DEBUG_MODE=false")
	served(t, p, asks("Before."))
	slower := time.Duration(1)
	if raceDetector {
		slower = 10
	}
	before := figures(t, p)["process_resident_memory_bytes"]
	worked := func() time.Duration {
		return time.Duration(figures(t, p)["process_cpu_seconds_total"] * float64(time.Second))
	}
	slowest := bomb{}
	var longest, waited time.Duration
	for _, b := range bombs() {
		work, began := worked(), time.Now()
		a := p.send(t, http.MethodPost, "/v1/chat/completions", b.body, bearer)
		wait := time.Since(began)
		work = worked() - work
		allowed := false
		for _, status := range b.statuses {
			allowed = allowed || a.status == status
		}
		if !allowed {
			t.Errorf("%s: status %d, want one of %v: %.300s", b.name, a.status, b.statuses, a.body)
		}
		if work > longest {
			slowest, longest = b, work
		}
		waited = max(waited, wait)
		if work > slower*mostWork || wait > slower*mostWait {
			t.Errorf("%s: it took %s of the processor, and was answered after %s", b.name, work, wait)
		}
		if len(a.body) > 16<<10 {
			t.Errorf("%s: the answer has %d bytes", b.name, len(a.body))
		}
	}
	served(t, p, asks("After."))
	const most = 200 << 20
	after := figures(t, p)["process_resident_memory_bytes"]
	t.Logf("%d bombs; the most work is %s, %s; the longest wait %s; the program held %.0f MiB before and holds %.0f",
		len(bombs()), slowest.name, longest.Round(time.Millisecond), waited.Round(time.Millisecond), before/(1<<20), after/(1<<20))
	if !raceDetector && after > before+most {
		t.Errorf("the program holds %.0f MiB, and %.0f before", after/(1<<20), before/(1<<20))
	}
}
