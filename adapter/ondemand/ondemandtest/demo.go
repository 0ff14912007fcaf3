package ondemandtest

import (
	"fmt"
	"strings"
	"unicode"
)

// quoted is how much of a question Demo repeats, in bytes, and quotedLines in lines.
const (
	quoted      = 240
	quotedLines = 3
)

// Demo answers with readable text about what it was asked, saying that there is no
// model behind it; in Chinese when the question holds Chinese characters.
func Demo(seen Seen) Answer {
	question := lastLines(seen.Query)
	quote := "> " + strings.ReplaceAll(question, "\n", "\n> ")
	turns := len(seen.Turns) + 1
	text, reasoning := demoEnglish, "The question is plain; the demonstration has only one thing to say about it."
	if strings.ContainsFunc(question, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		text, reasoning = demoChinese, "问题很清楚；演示模式只有一种回答。"
	}
	answer := Answer{Text: fmt.Sprintf(text, quote, turns, seen.Asked.EndpointID)}
	if seen.Asked.ReasoningEffort != nil {
		answer.Reasoning = reasoning
	}
	return answer
}

const demoEnglish = `This is a demonstration: there is no real model behind it, so please do not take these words for an answer. The end of what you wrote was:

%s

Counting this one, the upstream session has now seen %d of your messages, and the model endpoint that was asked is ` + "`%s`" + `. Everything around the words is real, though. They were sent to you piece by piece through the proxy, and the tokens were counted. For real answers, start the proxy with an account of your own.`

const demoChinese = `这是演示模式：背后没有真实的模型，所以请不要把这段文字当作回答。您最后写的是：

%s

算上这一条，上游会话已经收到您的 %d 条消息，所请求的模型端点是 ` + "`%s`" + `。除了文字本身，其余一切都是真实的：内容经由代理逐段传回，令牌数已经统计。要得到真实的回答，请用您自己的账号启动代理。`

// lastLines is the end of a query: its last few lines that hold anything.
func lastLines(query string) string {
	end := strings.ToValidUTF8(tail(query, quoted), "")
	if len(end) < len(query) {
		end = "… " + end
	}
	var lines []string
	for line := range strings.Lines(end) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-quotedLines):], "\n")
}
