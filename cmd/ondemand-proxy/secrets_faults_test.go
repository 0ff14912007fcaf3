package main_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// known is what the platform knows of an account, and may repeat.
type known struct {
	email, password, key string
	access, refreshing   string // tokens it issued
}

// echoes are texts that repeat all of it, each in another form.
func (k known) echoes() []string {
	var plain []string
	for _, text := range []string{k.email, k.password, k.key, k.access, k.refreshing} {
		if text != "" {
			plain = append(plain, text)
		}
	}
	basic := base64.StdEncoding.EncodeToString([]byte(k.email + ":" + k.password))
	var escaped, quoted, encoded []string
	for _, text := range plain {
		escaped = append(escaped, url.QueryEscape(text), url.PathEscape(text))
		quoted = append(quoted, inJSON(text), fmt.Sprintf("%q", text), inJSON(inJSON(text)))
		encoded = append(encoded, base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	return []string{
		"You sent " + strings.Join(plain, " and ") + ".", "Authorization: [Basic " + basic + "] " + basic,
		"/v1/x?" + strings.Join(escaped, "&"), `{"said":[` + strings.Join(quoted, ",") + `]}`, strings.Join(encoded, " "),
		strings.ToUpper(strings.Join(plain, " ")),
	}
}

// refusals are error answers, one of each status with each echo.
func (k known) refusals() map[string]sim.Effect {
	effects := map[string]sim.Effect{}
	for i, echo := range k.echoes() {
		for j, status := range []int{400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503, 521} {
			if (i+j)%6 == 0 || status == 400 || status == 500 { // what becomes of a text hardly depends on the status
				effects[fmt.Sprintf("refusal %d with echo %d", status, i)] = sim.Refusal(status, echo, "code "+echo)
			}
		}
	}
	return effects
}

// answers are all the other things that can come in an answer's place.
func (k known) answers() map[string]sim.Effect {
	echo, quoted := k.echoes()[0], k.echoes()[3]
	return map[string]sim.Effect{
		"page with an echo": sim.Reply(502, "text/html", "<html>"+echo+"</html>"), "page with 200 and an echo": sim.Reply(200, "text/html", "<html>"+echo+"</html>"),
		"other JSON with an echo": sim.Reply(200, "application/json", `{"message":`+inJSON(quoted)+`,"errorCode":`+inJSON(echo)+`,"data":{"id":""}}`),
		"CDN page 502":            sim.CDNPage(502), "CDN page 520": sim.CDNPage(520), "CDN page 524": sim.CDNPage(524),
		"status 402": sim.Status(402), "status 403": sim.Status(403), "status 500": sim.Status(500),
		"status 429 for a time": sim.Status(429).With(sim.RetryAfter(2 * time.Second)), "status 429 to a date": sim.Status(429).With(sim.RetryAfterDate(3 * time.Second)),
		"odd Retry-After": sim.Status(429).With(sim.Header("Retry-After", echo)),
		"no route":        sim.NoRoute(), "expired": sim.SessionExpired(), "broken JSON": sim.BrokenJSON(), "empty": sim.EmptyBody(),
		"broken echo": sim.Reply(200, "application/json", `{"data":`+echo), "nested echo": sim.Reply(500, "application/json", `{"message":{"a":`+inJSON(echo)+`},"errorCode":[`+inJSON(echo)+`]}`),
		"reset": sim.Reset(), "hang-up": sim.Hangup(), "hang": sim.Hang(), "pause": sim.Pause(10 * time.Millisecond),
		"redirection": sim.Reply(http.StatusFound, "text/plain", echo).With(sim.Header("Location", "/"+url.PathEscape(echo))),
		"odd type":    sim.ContentType(echo), "odd header": sim.Status(500).With(sim.Header("X-Said", echo)),
		"echo byte by byte": sim.Refusal(500, echo, "").With(sim.SlowBytes(0)),
	}
}

// streams are what can happen within a streamed answer.
func (k known) streams() map[string]sim.Effect {
	effects := map[string]sim.Effect{
		"no done": sim.NoDone(), "after done": sim.AfterDone(k.echoes()[0]), "empty answer": sim.EmptyAnswer(), "reasoning only": sim.ReasoningOnly("Hm. Hm."),
		"byte by byte": sim.SlowBytes(0), "another wire": sim.Using(sim.Wire{ByteWise: true, UnknownEvents: true, Planning: true}), "paced": sim.Paced(sim.Pace{Between: time.Millisecond}),
		"heartbeats": sim.Heartbeats(5 * time.Millisecond), "endless frame": sim.EndlessFrame(),
	}
	for i, echo := range k.echoes() {
		for j, effect := range []sim.Effect{
			sim.ErrorFrame(echo, echo), sim.ErrorKeyFrame(echo, "code "+echo), sim.FailedFrame(echo),
			sim.RawFrame(`{"error":{"message":` + inJSON(echo) + `}}`), sim.RawFrame(`{"error":` + inJSON(echo) + `}`), sim.RawFrame(echo),
		} {
			effects[fmt.Sprintf("frame %d with echo %d", j, i)] = sim.AfterDeltas(2*((i+j)%2), effect)
		}
	}
	for _, deltas := range []int{0, 2} {
		for name, effect := range map[string]sim.Effect{
			"cut": sim.Cut(), "malformed": sim.MalformedFrame(), "reset": sim.Reset(), "hang-up": sim.Hangup(), "hang": sim.Hang(), "pause": sim.Pause(10 * time.Millisecond),
		} {
			effects[fmt.Sprintf("%s after %d deltas", name, deltas)] = sim.AfterDeltas(deltas, effect)
		}
	}
	return effects
}

// faultCase is one fault of one operation.
type faultCase struct {
	name   string
	on     sim.Operation
	effect func(known) sim.Effect
}

// faultCases are all faults of the operations, with those within a stream.
func faultCases(operations ...sim.Operation) []faultCase {
	var cases []faultCase
	add := func(on sim.Operation, effects func(known) map[string]sim.Effect) {
		for i, name := range slices.Sorted(maps.Keys(effects(known{email: "e", password: "p", key: "k", access: "a", refreshing: "r"}))) {
			if raceDetector && i%3 != 0 { // which looks for races, not for secrets, and takes its time
				continue
			}
			cases = append(cases, faultCase{string(on) + ": " + name, on, func(k known) sim.Effect { return effects(k)[name] }})
		}
	}
	for _, on := range operations {
		add(on, known.refusals)
		add(on, known.answers)
		if on == sim.Query {
			add(on, known.streams)
		}
	}
	return cases
}
