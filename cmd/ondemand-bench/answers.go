package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// variants is how many different answers there are. A question names the one it wants, so
// that an answer which went to somebody else is noticed.
const variants = 64

// The marks around the number of a variant in a question.
const (
	markOpen  = "[["
	markClose = "]]"
)

// answer is one answer, rendered ahead in every form it is served in.
type answer struct {
	text    string // what the client has to see
	escaped string // the same as it stands in JSON

	streamHead []byte   // the response's head and the first frame, which holds no text
	deltas     [][]byte // a chunk of HTTP with one frame each
	streamTail [][]byte // usage and end
	whole      []byte   // the response to a question that is not streamed
}

// piece is the text of a delta, and how it stands in JSON.
type piece struct{ text, escaped string }

// oddPieces are what every tenth delta or so is: line breaks, quotes, other scripts.
var oddPieces = [...]piece{
	{"\n\n- ", `\n\n- `},
	{` a "quoted" word`, ` a \"quoted\" word`},
	{"：你好，世界", "：你好，世界"},
	{" naïve café", ` na\u00efve caf\u00e9`},
	{"\tpath\\to", `\tpath\\to`},
}

// words are about a token each.
var words = strings.Fields("the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she there")

// newAnswers renders all variants, of so many deltas with about so many tokens each.
func newAnswers(deltas, tokens int) []answer {
	all := make([]answer, variants)
	for v := range all {
		all[v] = newAnswer(v, deltas, tokens)
	}
	return all
}

func newAnswer(variant, deltas, tokens int) answer {
	const session, message = "6a5a1c0f3b9d4e7788aa0001", "6a5b1c0f3b9d4e7788aa0002"
	var a answer
	a.streamHead = append([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"),
		chunk(fmt.Sprintf(`event:message`+"\n"+`data:{"sessionId":%q,"messageId":%q,"eventIndex":1,"eventType":"statusLog","status":"processing","currentStatusLog":{"statusType":"fulfilling","statusMessage":"Fulfilling the prompt...","time":"2026-07-17T16:43:59Z"}}`, session, message))...)
	for i := range deltas {
		p := newPiece(variant, i, tokens)
		a.text += p.text
		a.escaped += p.escaped
		a.deltas = append(a.deltas, chunk(fmt.Sprintf("event:message\ndata:{\"sessionId\": %q, \"messageId\": %q, \"answer\": \"%s\", \"status\": \"processing\", \"eventIndex\":%d, \"eventType\": \"fulfillment\"}",
			session, message, p.escaped, i+2)))
	}
	a.streamTail = [][]byte{
		chunk(fmt.Sprintf(`event:message`+"\n"+`data:{"sessionId":%q,"messageId":%q,"eventIndex":%d,"eventType":"metricsLog","status":"processing","publicMetrics":{"inputTokens":%d,"outputTokens":%d,"totalTokens":%d,"ragTimeSec":0,"fulfillmentTimeSec":3.36,"totalTimeSec":3.36}}`,
			session, message, deltas+2, 100, deltas*tokens, 100+deltas*tokens)),
		append(chunk("event:message\ndata:[DONE]"), "0\r\n\r\n"...),
	}
	body := fmt.Sprintf(`{"message":"Chat query submitted successfully","data":{"sessionId":%q,"messageId":%q,"answer":"%s","status":"completed","metrics":{"inputTokens":%d,"outputTokens":%d,"totalTokens":%d}}}`,
		session, message, a.escaped, 100, deltas*tokens, 100+deltas*tokens)
	a.whole = response(200, body)
	return a
}

// newPiece is the text of delta i of a variant.
func newPiece(variant, i, tokens int) piece {
	if i%10 == 3 {
		return oddPieces[(variant+i/10)%len(oddPieces)]
	}
	var text strings.Builder
	for t := range tokens {
		text.WriteByte(' ')
		text.WriteString(words[(variant*31+i*tokens+t*(1+variant%5))%len(words)])
	}
	return piece{text.String(), text.String()}
}

// chunk is a frame as a chunk of HTTP.
func chunk(frame string) []byte {
	return fmt.Appendf(nil, "%x\r\n%s\n\n\r\n", len(frame)+2, frame)
}

// response is a whole HTTP response with a body of JSON.
func response(status int, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

// mark names a variant in a question.
func mark(variant int) string { return fmt.Sprintf("%s%02d%s", markOpen, variant, markClose) }

// variantOf finds the mark of the newest question, which is the last one.
func variantOf(body []byte) (int, bool) {
	i := bytes.LastIndex(body, []byte(markOpen))
	if i < 0 || len(body) < i+len(markOpen)+2 {
		return 0, false
	}
	n, err := strconv.Atoi(string(body[i+len(markOpen) : i+len(markOpen)+2]))
	return n, err == nil && n >= 0 && n < variants
}
