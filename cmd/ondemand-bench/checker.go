package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// verdict is what became of an answer.
type verdict int

const (
	verdictFine    verdict = iota
	verdictWrong           // its text, or its order, is not what was sent
	verdictCut             // it ended before its end
	verdictRefused         // its status is not 200
	verdictDropped         // the connection broke, or nothing came for too long
	verdicts
)

// String names the verdict.
func (v verdict) String() string {
	return [verdicts]string{"fine", "wrong", "cut", "refused", "dropped"}[v]
}

// dialect is how a target writes answers.
type dialect struct {
	delta  string // what stands in front of a delta's text
	whole  string // what stands in front of the text of an answer that is not streamed
	finish string // what one frame has to hold; empty: none
}

var (
	openAI = dialect{
		delta: `"delta":{"content":"`, whole: `"message":{"role":"assistant","content":"`, finish: `"finish_reason":"stop"`,
	}
	onDemand = dialect{delta: `"answer": "`, whole: `"answer":"`}
)

// checker compares an answer with what it has to be, while it comes.
type checker struct {
	dialect dialect
	want    string
	at      int // so much of want has come
	first   time.Time
	done    bool   // the end has come
	finish  bool   // the finish reason has
	fault   string // what is wrong, once something is
	carry   []byte // the beginning of a line that is not there yet
}

// begin prepares for another answer.
func (c *checker) begin(want string) {
	*c = checker{dialect: c.dialect, want: want, carry: c.carry[:0]}
}

// feed takes a piece of a stream.
func (c *checker) feed(piece []byte) {
	for len(piece) > 0 {
		i := bytes.IndexByte(piece, '\n')
		if i < 0 {
			c.carry = append(c.carry, piece...)
			return
		}
		line := piece[:i]
		if len(c.carry) > 0 {
			c.carry = append(c.carry, line...)
			line = c.carry
		}
		c.line(line)
		c.carry = c.carry[:0]
		piece = piece[i+1:]
	}
}

func (c *checker) line(line []byte) {
	data, is := bytes.CutPrefix(line, []byte("data:"))
	if !is {
		return
	}
	data = bytes.TrimSpace(data)
	if c.done {
		c.complain("after [DONE] comes %q", data)
		return
	}
	if string(data) == "[DONE]" {
		c.done = true
		return
	}
	if i := bytes.Index(data, []byte(c.dialect.delta)); i >= 0 {
		c.text(data[i+len(c.dialect.delta):])
		return
	}
	c.finish = c.finish || bytes.Contains(data, []byte(c.dialect.finish))
	if bytes.Contains(data, []byte(`"error"`)) {
		c.complain("an error event came: %s", data)
	}
}

// text takes what begins with the inside of a JSON string.
func (c *checker) text(inside []byte) {
	got, ok := jsonText(inside)
	switch {
	case !ok:
		c.complain("no JSON string stands in %q", inside)
	case !strings.HasPrefix(c.want[c.at:], got):
		c.complain("behind %d bytes comes %q, want %.40q", c.at, got, c.want[c.at:])
	case got != "":
		if c.at == 0 {
			c.first = time.Now()
		}
		c.at += len(got)
	}
}

// wholeText takes an answer that was not streamed.
func (c *checker) wholeText(body []byte) {
	i := bytes.Index(body, []byte(c.dialect.whole))
	if i < 0 {
		c.complain("there is no answer in %.200q", body)
		return
	}
	c.text(body[i+len(c.dialect.whole):])
	c.done = true
	c.finish = bytes.Contains(body, []byte(c.dialect.finish))
}

func (c *checker) complain(format string, values ...any) {
	if c.fault == "" {
		c.fault = fmt.Sprintf(format, values...)
	}
}

// verdict judges the answer once nothing more comes.
func (c *checker) verdict() verdict {
	switch {
	case c.fault != "":
		return verdictWrong
	case !c.done:
		c.complain("%d of %d bytes came, and no end", c.at, len(c.want))
		return verdictCut
	case c.at != len(c.want):
		c.complain("only %d of %d bytes came before the end", c.at, len(c.want))
		return verdictWrong
	case !c.finish:
		c.complain("no finish reason came")
		return verdictWrong
	}
	return verdictFine
}

// jsonText reads the JSON string whose inside b begins with.
func jsonText(b []byte) (text string, ok bool) {
	for end := 0; ; end++ {
		quote := bytes.IndexByte(b[end:], '"')
		if quote < 0 {
			return "", false
		}
		end += quote
		escapes := 0
		for escapes < end && b[end-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 1 {
			continue
		}
		if bytes.IndexByte(b[:end], '\\') < 0 {
			return string(b[:end]), true
		}
		quoted := append(append([]byte{'"'}, b[:end]...), '"')
		return text, json.Unmarshal(quoted, &text) == nil
	}
}
