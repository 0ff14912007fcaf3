package main_test

import (
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// answerTo is a model that knows one answer for each beginning of a question.
func answerTo(answers map[string]sim.Answer) sim.Model {
	return func(seen sim.Seen) sim.Answer {
		for begin, answer := range answers {
			if strings.HasPrefix(seen.Query, begin) {
				return answer
			}
		}
		return sim.Answer{Text: "Nobody asked for this."}
	}
}

func TestStopTextsHoldAlthoughTheModelIgnoresThem(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		deltas     []string
		stop, want string
	}{
		"in one delta":          {[]string{"alpha STOP omega"}, `"STOP"`, "alpha "},
		"across three deltas":   {[]string{"alpha S", "TO", "P omega"}, `"STOP"`, "alpha "},
		"byte for byte":         {[]string{"a", "b", "S", "T", "O", "P", "c"}, `["STOP"]`, "ab"},
		"at the very beginning": {[]string{"STO", "P omega"}, `"STOP"`, ""},
		"the first of several":  {[]string{"one two three"}, `["three","two","four","five"]`, "one "},
		"only its beginning":    {[]string{"alpha STO"}, `"STOP"`, "alpha STO"},
		"a false start":         {[]string{"alpha STOST", "OP omega"}, `"STOP"`, "alpha STO"},
		"a line break":          {[]string{"first line", "\nsecond line"}, `"\n"`, "first line"},
		"within a character":    {[]string{"ab世", "界cd"}, `"世界"`, "ab"},
		"another case":          {[]string{"alpha stop omega"}, `"STOP"`, "alpha stop omega"},
	}
	answers := map[string]sim.Answer{}
	for name, c := range cases {
		answers[name+"?"] = sim.Answer{Deltas: c.deltas}
	}
	platform := sim.Start(t, sim.Options{Model: answerTo(answers)})
	p := start(t, platform, paramAccounts)
	for name, c := range cases {
		for way, stream := range bothWays {
			got := served(t, p, asks(name+"? "+way, `"stop":`+c.stop, stream))
			if got.text != c.want || got.finish != "stop" {
				t.Errorf("%s, %s: got %q and finish reason %q, want %q and stop", name, way, got.text, got.finish, c.want)
			}
		}
	}
}

// plainEnglish is some minutes of reading.
var plainEnglish = strings.Repeat("The quick brown fox jumps over the lazy dog, and the dog does not mind it at all. ", 200)

func TestATokenLimitEndsTheAnswerAndTheUpstreamCall(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Model: sim.Say(plainEnglish), Pace: sim.Pace{Between: 2 * time.Millisecond}})
	p := start(t, platform, paramAccounts)
	for name, limit := range map[string]string{
		"max_tokens":                  `"max_tokens":10`,
		"max_completion_tokens":       `"max_completion_tokens":10`,
		"the smaller of both, first":  `"max_tokens":10,"max_completion_tokens":500`,
		"the smaller of both, second": `"max_tokens":500,"max_completion_tokens":10`,
		"a float without a fraction":  `"max_tokens":1e1`,
	} {
		for way, stream := range bothWays {
			question := "Limit by " + name + ", " + way
			got := served(t, p, asks(question, limit, stream, `"stream_options":{"include_usage":true}`))
			words := len(strings.Fields(got.text))
			if words < 4 || words > 20 || got.finish != "length" || got.usage.Completion > 10 || got.usage.Completion < 1 {
				t.Errorf("%s: %d words, finish reason %q, %d completion tokens; want 4 to 20 words, length, 1 to 10 tokens: %q",
					question, words, got.finish, got.usage.Completion, got.text)
			}
			if !strings.HasPrefix(plainEnglish, got.text) {
				t.Errorf("%s: %q is no beginning of the answer", question, got.text)
			}
			awaitSim(t, platform, question+": the upstream call is cancelled", func() bool {
				call := queryEnding(t, platform, question)
				return call.ClientGone && !call.Ended.IsZero()
			})
			if call := queryEnding(t, platform, question); call.Query.Limited() {
				t.Errorf("%s: a limit was sent upstream, which the platform answers with nothing", question)
			}
		}
	}
}

func TestALimitCutsWithinAWordAndChangesNothingWhenItIsNotReached(t *testing.T) {
	t.Parallel()
	const whole = "Just four words here."
	const long = "Antidisestablishmentarianism" // several tokens
	platform := sim.Start(t, sim.Options{Model: answerTo(map[string]sim.Answer{"Long?": {Text: long}, "Short?": {Text: whole}, "One token?": {Text: whole}})})
	p := start(t, platform, paramAccounts)
	for way, stream := range bothWays {
		inside := served(t, p, asks("Long? "+way, `"max_tokens":2`, stream, `"stream_options":{"include_usage":true}`))
		if inside.text == "" || inside.text == long || !strings.HasPrefix(long, inside.text) || inside.finish != "length" || inside.usage.Completion > 2 {
			t.Errorf("%s with a limit of 2 within a word: got %q, finish reason %q, %d tokens; want a beginning, length, at most 2", way, inside.text, inside.finish, inside.usage.Completion)
		}
		got := served(t, p, asks("Short? "+way, `"max_tokens":100`, stream))
		if got.text != whole || got.finish != "stop" {
			t.Errorf("%s: got %q and finish reason %q, want %q and stop", way, got.text, got.finish, whole)
		}
		got = served(t, p, asks("One token? "+way, `"max_tokens":1`, stream))
		if got.text == "" || got.text == whole || got.finish != "length" {
			t.Errorf("%s with a limit of 1: got %q and finish reason %q, want a beginning and length", way, got.text, got.finish)
		}
	}
}

func TestUsageComesWhenAskedForAndIsEstimatedWhenThePlatformTellsNone(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Model: func(sim.Seen) sim.Answer {
		return sim.Answer{Text: "Counted words.", InputTokens: 321, OutputTokens: 45}
	}})
	platform.Script(sim.Fault{On: sim.Query, If: func(c sim.Call) bool { return strings.HasPrefix(c.Query.Query, "untold") }, Do: sim.Using(sim.Wire{NoMetrics: true})})
	p := start(t, platform, paramAccounts)
	for way, stream := range bothWays {
		measured := served(t, p, asks("told "+way, stream, `"stream_options":{"include_usage":true}`)).usage
		if measured.Prompt != 321 || measured.Completion != 45 {
			t.Errorf("%s: usage %+v, want what the platform measured, 321 and 45", way, measured)
		}
		estimated := served(t, p, asks("untold "+way, stream, `"stream_options":{"include_usage":true}`)).usage
		if estimated.Prompt < 1 || estimated.Prompt > 20 || estimated.Completion < 1 || estimated.Completion > 10 {
			t.Errorf("%s, without metrics of the platform: usage %+v, want a sensible estimate", way, estimated)
		}
	}

	for _, c := range []struct {
		options string
		asked   bool
	}{
		{``, false},
		{`"stream_options":null`, false},
		{`"stream_options":{}`, false},
		{`"stream_options":{"include_usage":false}`, false},
		{`"stream_options":{"include_usage":true}`, true},
		{`"stream_options":{"include_usage":true,"include_obfuscation":false}`, true},
	} {
		chunks := chunksOf(t, p.post(t, httpClient(t), asks("chunks?", `"stream":true`, c.options)))
		for i, chunk := range chunks {
			last := i == len(chunks)-1
			switch usage := string(chunk.Usage); {
			case !c.asked && usage != "":
				t.Errorf("%q: chunk %d holds usage %s, want none", c.options, i, usage)
			case c.asked && !last && usage != "null":
				t.Errorf("%q: chunk %d holds usage %q, want null before the last", c.options, i, usage)
			case c.asked && last && (len(chunk.Choices) != 0 || !strings.Contains(usage, `"total_tokens":366`)):
				t.Errorf("%q: the last chunk has %d choices and usage %s, want none and 366 tokens", c.options, len(chunk.Choices), usage)
			case last && !c.asked && (len(chunk.Choices) != 1 || chunk.Choices[0].Finish == nil):
				t.Errorf("%q: the last chunk is not the one with the finish reason", c.options)
			}
		}
	}
}
