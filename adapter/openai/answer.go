package openai

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"ondemand-api-proxy/domain"
)

// Head is what all parts of one answer have in common.
type Head struct {
	ID           string // "chatcmpl-…"
	Model        string // as the client named it
	Created      time.Time
	IncludeUsage bool // streams only: end with a chunk that holds the usage
}

// appendHead appends the members every answer begins with.
func appendHead(dst []byte, head *Head, object string) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, head.ID)
	dst = append(dst, `,"object":"`...)
	dst = append(dst, object...)
	dst = append(dst, `","created":`...)
	dst = strconv.AppendInt(dst, head.Created.Unix(), 10)
	dst = append(dst, `,"model":`...)
	return appendString(dst, head.Model)
}

// appendUsage appends OpenAI's usage object. How many tokens were reasoning is left
// out when nobody told.
func appendUsage(dst []byte, usage domain.Usage) []byte {
	dst = append(dst, `{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, int64(usage.Prompt), 10)
	dst = append(dst, `,"completion_tokens":`...)
	dst = strconv.AppendInt(dst, int64(usage.Completion), 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, int64(usage.Prompt+usage.Completion), 10)
	if usage.Reasoning > 0 {
		dst = append(dst, `,"completion_tokens_details":{"reasoning_tokens":`...)
		dst = strconv.AppendInt(dst, int64(usage.Reasoning), 10)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// appendString appends text as a JSON string.
func appendString[Text ~[]byte | ~string](dst []byte, text Text) []byte {
	// The one error there is says that text was no UTF-8; U+FFFD stands there then.
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

// appendText appends a delta's text as it stands between the quotes of a JSON string.
func appendText(dst []byte, delta *domain.Delta) []byte {
	if delta.Escaped != nil {
		return append(dst, delta.Escaped...)
	}
	begin := len(dst)
	dst = appendString(dst, delta.Text)
	// Without the quotes, so that a text may be put together from many deltas.
	inner := dst[begin+1 : len(dst)-1]
	return dst[:begin+copy(dst[begin:], inner)]
}

// isEmpty tells whether a delta has nothing to show.
func isEmpty(delta *domain.Delta) bool {
	return len(delta.Escaped) == 0 && (delta.Escaped != nil || len(delta.Text) == 0)
}
