package main_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// wire is a connection on which anything can be sent.
type wire struct {
	net.Conn
	t *testing.T
}

func dialWire(t *testing.T, p *proxy) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &wire{conn, t}
}

// quiet is how long nothing comes on a connection when nothing more will.
const quiet = 500 * time.Millisecond

// exchange sends bytes as they are and reads all answers there are. ends says that no more
// bytes will come, which for a request under way means that its client has left.
func (p *proxy) exchange(t *testing.T, text string, ends bool) []answer {
	t.Helper()
	return p.exchanges(t, text, ends, 1)
}

// exchanges is exchange where at least so many answers should come.
func (p *proxy) exchanges(t *testing.T, text string, ends bool, least int) (answers []answer) {
	t.Helper()
	w := dialWire(t, p)
	defer func() { _ = w.Close() }()
	_ = w.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(w, text) // whoever refuses early may hang up in the middle
	if ends {
		_ = w.Conn.(*net.TCPConn).CloseWrite()
	}
	for reader := bufio.NewReader(w); ; {
		if len(answers) >= least {
			_ = w.SetDeadline(time.Now().Add(quiet))
		}
		if _, err := reader.Peek(1); err != nil {
			if len(answers) == 0 {
				t.Errorf("%.300q: no answer: %v", text, err)
			}
			return answers
		}
		_ = w.SetDeadline(time.Now().Add(20 * time.Second))
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Errorf("%.300q: what is answered is no HTTP: %v", text, err)
			return answers
		}
		answers = append(answers, read(response))
	}
}

// posted is a request for a completion as it stands on the wire, with further header lines.
func posted(body string, lines ...string) string {
	head := "POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nAuthorization: Bearer " + accessToken + "\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	return head + "\r\n" + body
}

// sized is a sound request.
func sized(body string) string { return posted(body, "Content-Length: "+strconv.Itoa(len(body))) }

// chunked is body in chunks, to its end.
func chunked(body string) string {
	return strconv.FormatInt(int64(len(body)), 16) + "\r\n" + body + "\r\n0\r\n\r\n"
}

// length is a header line with the length of a text.
func length(text string, more int) string { return "Content-Length: " + strconv.Itoa(len(text)+more) }

// shape is something odd on the wire.
type shape struct {
	name, text string
	statuses   []int // that the answer may have
}

// shapes are requests of which one reader of HTTP may see one and another one two: in each
// a second request hides, which has to remain hidden.
func shapes() []shape {
	body, hidden := asks("The first."), sized(asks("HIDDEN"))
	bad, one := []int{400}, []int{400, 200}
	const te = "Transfer-Encoding: chunked"
	return []shape{
		{"two lengths that differ", posted(body+hidden, length(body, 0), length(body+hidden, 0)), bad},
		{"two lengths that differ, the long one first", posted(body+hidden, length(body+hidden, 0), length(body, 0)), bad},
		{"a list of lengths", posted(body+hidden, length(body, 0)+", "+strconv.Itoa(len(body+hidden))), bad},
		{"a length with a sign", posted(body+hidden, strings.Replace(length(body, 0), ": ", ": +", 1)), bad},
		{"a negative length", posted(body+hidden, "Content-Length: -1"), bad},
		{"a length in hex", posted(body+hidden, "Content-Length: 0x10"), bad},
		{"a length beyond all numbers", posted(body+hidden, "Content-Length: 99999999999999999999"), bad},
		{"an empty length", posted(body+hidden, "Content-Length: "), bad},
		{"a length and a space before the colon", posted(body+hidden, strings.Replace(length(body, 0), ":", " :", 1)), bad},
		{"a folded header", posted(body, "X-A: b\r\n "+length("", 0), length(body, 0)), one},
		{"a header that begins with a tab", posted("", "X-A: b", "\tContent-Length: 5"), bad},

		{"chunked, identity", posted(chunked(body)+hidden, "Transfer-Encoding: chunked, identity"), []int{501, 400}},
		{"identity, chunked", posted(chunked(body)+hidden, "Transfer-Encoding: identity, chunked"), []int{501, 400}},
		{"chunked twice in a line", posted(chunked(body)+hidden, "Transfer-Encoding: chunked, chunked"), []int{501, 400}},
		{"chunked in two lines", posted(chunked(body)+hidden, te, te), []int{501, 400}},
		{"chunked and identity in two lines", posted(chunked(body)+hidden, te, "Transfer-Encoding: identity"), []int{501, 400}},
		{"identity", posted(body+hidden, "Transfer-Encoding: identity", length(body, 0)), []int{501, 400}},
		{"gzip, chunked", posted(chunked(body)+hidden, "Transfer-Encoding: gzip, chunked"), []int{501, 400}},
		{"an unknown coding", posted(chunked(body)+hidden, "Transfer-Encoding: xchunked"), []int{501, 400}},
		{"quoted chunked", posted(chunked(body)+hidden, `Transfer-Encoding: "chunked"`), []int{501, 400}},
		{"a vertical tab in the coding", posted(chunked(body)+hidden, "Transfer-Encoding: \x0bchunked"), []int{501, 400}},
		{"a space before the colon of the coding", posted(chunked(body)+hidden, "Transfer-Encoding : chunked", length(chunked(body), 0)), bad},
		{"a folded coding", posted(chunked(body)+hidden, "Transfer-Encoding:\r\n chunked, identity"), []int{501, 400}},

		{"an absurd chunk", posted("ffffffffffffffff\r\n"+body+hidden, te), bad},
		{"a chunk beyond all numbers", posted("10000000000000000\r\n"+body+hidden, te), bad},
		{"a chunk with a sign", posted("-1\r\n"+body+hidden, te), bad},
		{"a chunk that is no number", posted("xyz\r\n"+body+hidden, te), bad},
		{"an empty size", posted("\r\n"+body+hidden, te), bad},
		{"a space before the size", posted(" "+chunked(body)+hidden, te), bad},
		{"a size in 0x", posted("0x"+chunked(body)+hidden, te), bad},
		{"a chunk longer than its size", posted(strings.Replace(chunked(body), "\r\n", "\r\nxx", 1)+hidden, te), bad},
		{"a chunk that ends in LF alone", posted(strconv.FormatInt(int64(len(body)), 16)+"\r\n"+body+"\n0\r\n\r\n"+hidden, te), bad},
		{"an endless chunk extension", posted("5;a="+strings.Repeat("x", 1<<20)+"\r\n"+body+hidden, te), bad},
		{"a thousand chunks, each with an extension", posted(strings.Repeat("1;"+strings.Repeat("x", 2000)+"\r\nx\r\n", 1000)+hidden, te), bad},
		{"a body of chunks without an end", posted(strings.TrimSuffix(chunked(body), "0\r\n\r\n"), te), bad},

		{"a NUL in a header", posted(body+hidden, "X-A: a\x00b", length(body, 0)), bad},
		{"a CR alone in a header", posted(body+hidden, "X-A: a\rContent-Length: 0", length(body, 0)), bad},
		{"a header without a colon", posted(body+hidden, "Content-Length"), bad},
		{"a header without a name", posted(body+hidden, ": x"), bad},
		{"a name that is none", posted(body+hidden, "Content[Length]: 5"), bad},
		{"no host", strings.Replace(posted(body+hidden, length(body, 0)), "Host: proxy\r\n", "", 1), bad},
		{"two hosts", posted(body+hidden, "Host: other", length(body, 0)), bad},
		{"a host that is none", strings.Replace(posted(body+hidden, length(body, 0)), "Host: proxy", "Host: a b/c", 1), bad},
		{"an unknown version", strings.Replace(posted(body+hidden, length(body, 0)), "HTTP/1.1", "HTTP/9.9", 1), []int{505, 400}},
		{"no version", "GET /healthz\r\n\r\n" + hidden, bad},
		{"an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden, []int{505, 404, 400}},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + hidden, bad},
		{"a body that is larger than it may be", posted(hidden, "Content-Length: 99999999"), []int{413, 400}},
		{"an upgrade", posted(body, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", length(body, 0)), one},
		{"what is expected is unknown", posted(body, "Expect: 200-maybe", length(body, 0)), []int{417, 400}},
	}
}

// neverEnding are the shapes that only the end of the connection ends.
var neverEnding = map[string]bool{
	"an absurd chunk": true, "a body of chunks without an end": true, "a body that is larger than it may be": true,
}

func TestNoOddRequestIsTakenForTwo(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	for _, s := range shapes() {
		began := time.Now()
		checkHidden(t, platform, p, s)
		if took := time.Since(began); took > 15*time.Second { // a refused body may still come for five
			t.Errorf("%s: it took %s", s.name, took)
		}
	}
	served(t, p, asks("And now a sound one."))
}

// checkHidden sends a shape and checks that it was answered once, and that the platform has seen
// nothing of what hides in it.
func checkHidden(t *testing.T, platform *sim.Server, p *proxy, s shape) {
	t.Helper()
	before := platform.Count(sim.Query, "")
	answers := p.exchange(t, s.text, neverEnding[s.name])
	var statuses []int
	good := 0
	for _, a := range answers {
		statuses = append(statuses, a.status)
		if a.status == http.StatusOK {
			good++
		}
	}
	if len(answers) != 1 {
		t.Errorf("%s: the answers are %v, want one", s.name, statuses)
		return
	}
	allowed := false
	for _, status := range s.statuses {
		allowed = allowed || statuses[0] == status
	}
	if !allowed {
		t.Errorf("%s: the answer is %d, want one of %v: %.200s", s.name, statuses[0], s.statuses, answers[0].body)
	}
	if asked := platform.Count(sim.Query, "") - before; asked != good {
		t.Errorf("%s: the platform was asked %d times for %d good answers", s.name, asked, good)
	}
	for _, call := range platform.CallsOf(sim.Query, "") {
		if call.Query != nil && strings.Contains(call.Query.Query, "HIDDEN") {
			t.Fatalf("%s: the platform was asked what hid in the request", s.name)
		}
	}
}

func TestSoundRequestsOnOneConnectionAreAnsweredEach(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	good := sized(asks("A good one."))
	for name, c := range map[string]struct {
		text string
		want []int
	}{
		"two good ones":                   {good + good, []int{200, 200}},
		"one behind a refused one":        {sized(`{"model":7}`) + good, []int{400, 200}},
		"one behind a stranger's":         {strings.Replace(good, accessToken, "wrong", 1) + good, []int{401, 200}},
		"one behind an unknown path":      {strings.Replace(good, "/v1/chat/completions", "/nowhere", 1) + good, []int{404, 200}},
		"one behind a malformed one":      {"GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n" + good, []int{400}},
		"the same length twice":           {posted(asks("x"), length(asks("x"), 0), length(asks("x"), 0)), []int{200}},
		"a folded length":                 {posted(asks("x"), "Content-Length:\r\n "+strconv.Itoa(len(asks("x")))), []int{200}}, // as RFC 9112 allows
		"lines that end in LF alone":      {strings.ReplaceAll(good, "\r\n", "\n"), []int{200}},
		"chunks with a short extension":   {posted(strings.Replace(chunked(asks("x")), "\r\n", ";a=b\r\n", 1), "Transfer-Encoding: chunked"), []int{200}},
		"a GET with a body, and another":  {"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", []int{200, 200}},
		"one after it was told to expect": {posted(asks("x"), "Expect: 100-continue", length(asks("x"), 0)), []int{100, 200}},
	} {
		before := platform.Count(sim.Query, "")
		var got []int
		good := 0
		for _, a := range p.exchanges(t, c.text, false, len(c.want)) {
			got = append(got, a.status)
			if a.status == http.StatusOK {
				good++
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: the answers are %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: the answers are %v, want %v", name, got, c.want)
			}
		}
		if asked := platform.Count(sim.Query, "") - before; !strings.Contains(c.text, "GET") && asked != good {
			t.Errorf("%s: the platform was asked %d times for %d good answers", name, asked, good)
		}
	}
}
