package openai

import (
	"strconv"

	"ondemand-api-proxy/domain"
)

// format is what the chunks of one stream have in common, put together once. Chunks
// are assembled by hand: one is written for each token of each answer.
type format struct {
	head         string // up to the choices' opening bracket
	afterText    string // from the closing quote of a delta's text on
	afterChoices string // from the choices' closing bracket on
	includeUsage bool
}

func newFormat(head *Head) format {
	f := format{afterChoices: "]}\n\n", includeUsage: head.IncludeUsage}
	if head.IncludeUsage {
		// OpenAI has the key in every chunk then, null in all but the last.
		f.afterChoices = `],"usage":null}` + "\n\n"
	}
	f.head = string(appendHead([]byte("data: "), head, "chat.completion.chunk")) + `,"choices":[`
	f.afterText = `"},"logprobs":null,"finish_reason":null}` + f.afterChoices
	return f
}

// prefix returns a chunk of a choice up to its delta.
func (f *format) prefix(choice int) []byte {
	return f.appendChoice(make([]byte, 0, len(f.head)+len(`{"index":0,"delta":`)), choice)
}

// appendRole appends the chunk a choice begins with.
func (f *format) appendRole(dst []byte, choice int) []byte {
	dst = f.appendChoice(dst, choice)
	dst = append(dst, `{"role":"assistant","content":"`...)
	return append(dst, f.afterText...)
}

// appendFinish appends the chunk a choice ends with.
func (f *format) appendFinish(dst []byte, choice int, reason domain.FinishReason) []byte {
	dst = f.appendChoice(dst, choice)
	dst = append(dst, `{},"logprobs":null,"finish_reason":`...)
	dst = appendString(dst, reason)
	dst = append(dst, '}')
	return append(dst, f.afterChoices...)
}

// appendEnd appends what a stream ends with.
func (f *format) appendEnd(dst []byte, usage domain.Usage) []byte {
	if f.includeUsage {
		dst = append(dst, f.head...)
		dst = append(dst, `],"usage":`...)
		dst = appendUsage(dst, usage)
		dst = append(dst, "}\n\n"...)
	}
	return append(dst, "data: [DONE]\n\n"...)
}

// appendChoice appends a chunk up to its delta.
func (f *format) appendChoice(dst []byte, choice int) []byte {
	dst = append(dst, f.head...)
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendInt(dst, int64(choice), 10)
	return append(dst, `,"delta":`...)
}
