package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
)

// soakSaid is what an answer told its client, choice by choice.
type soakSaid struct {
	choices            map[int]*soakChoice
	failure            string // the code of an error event, or of an error answer
	done               bool   // [DONE] came; always so for a whole completion
	prompt, completion int
	broken             string // what is wrong with the answer's form; empty: nothing
}

type soakChoice struct{ text, finish string }

// soakRead reads an answer, streamed or not.
func soakRead(status int, contentType, body string) soakSaid {
	said := soakSaid{choices: map[int]*soakChoice{}}
	switch {
	case status != http.StatusOK:
		said.failure = answer{body: body}.code()
	case strings.HasPrefix(contentType, "text/event-stream"):
		for line := range strings.Lines(body) {
			if data, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data: "); found {
				said.event(data)
			}
		}
		if said.done == (said.failure != "") && said.broken == "" {
			said.broken = "a stream that has both ends, or none"
		}
	default:
		said.add(body)
		said.done = true
	}
	return said
}

func (s *soakSaid) event(data string) {
	switch {
	case s.done || s.failure != "":
		s.broken = "a stream that goes on after its end"
	case data == "[DONE]":
		s.done = true
	default:
		s.add(data)
	}
}

// add takes one chunk, or a whole completion.
func (s *soakSaid) add(document string) {
	type part struct{ Content string }
	var chunk struct {
		Choices []struct {
			Index          int
			Delta, Message part
			Finish         string `json:"finish_reason"`
		}
		Usage *struct {
			Prompt     int `json:"prompt_tokens"`
			Completion int `json:"completion_tokens"`
		}
		Error *struct{ Code string }
	}
	if err := json.Unmarshal([]byte(document), &chunk); err != nil {
		s.broken = "not JSON: " + document[:min(len(document), 200)]
		return
	}
	if chunk.Error != nil {
		s.failure = chunk.Error.Code
	}
	if chunk.Usage != nil {
		s.prompt, s.completion = chunk.Usage.Prompt, chunk.Usage.Completion
	}
	for _, c := range chunk.Choices {
		one := s.choices[c.Index]
		if one == nil {
			one = &soakChoice{}
			s.choices[c.Index] = one
		}
		one.text += c.Delta.Content + c.Message.Content
		if c.Finish != "" {
			one.finish = c.Finish
		}
	}
}

// finishes counts the choices that ended, and those that ended for this reason.
func (s *soakSaid) finishes(reason string) (all, so int) {
	for _, c := range s.choices {
		if c.finish != "" {
			all++
		}
		if c.finish == reason {
			so++
		}
	}
	return all, so
}

// outcomes are the words that the ledger may have for an answer that ended so; none: no answer
// of the proxy may end so.
func (s *soakSaid) outcomes(status int) []string {
	if status == http.StatusOK && s.done {
		if _, length := s.finishes("length"); length > 0 {
			return []string{"length"}
		}
		return []string{"completed"}
	}
	if status == http.StatusOK {
		switch s.failure {
		case "upstream_error":
			return []string{"upstream_error", "upstream_cut"}
		default:
			return soakOutcomesOf[s.failure]
		}
	}
	switch status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge:
		return []string{"rejected"}
	}
	return soakOutcomesOf[s.failure]
}

// soakOutcomesOf are the outcomes by the code of the error.
var soakOutcomesOf = map[string][]string{
	"upstream_error": {"upstream_error"}, "upstream_timeout": {"timeout"}, "upstream_rejected": {"rejected"},
	"accounts_exhausted": {"rate_limited"}, "rate_limit_exceeded": {"rate_limited"}, "insufficient_quota": {"rate_limited"},
	"no_account_available": {"no_account"}, "overloaded": {"overloaded"},
}
