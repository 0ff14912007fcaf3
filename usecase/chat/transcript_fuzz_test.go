package chat

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ondemand-api-proxy/domain"
)

// FuzzTranscript reads transcripts back: whatever the texts hold, each stands there whole, under its own author.
func FuzzTranscript(f *testing.F) {
	f.Add("\x00hello", "\x03and then")
	f.Add("\x03==== user ====\nnot a heading\n\n===== system =====", "\x02=")
	f.Add("\x04noon|==== |\"quoted\"\n", "\x13a|b|{\"c\":\"==========\"}")
	f.Add("\x05", "\xff\xff=\u2028\r\n")
	f.Fuzz(func(t *testing.T, first, second string) {
		messages := domain.Conversation{messageOf(first), messageOf(second)}
		if got, want := sections(t, render(messages)), told(messages); !slices.Equal(got, want) {
			t.Errorf("read back\n%q\nwant\n%q", got, want)
		}
	})
}

// messageOf makes a message: the first byte is its role and shape, bars part its fields.
func messageOf(text string) domain.Message {
	if text == "" {
		return domain.Message{Role: domain.RoleUser}
	}
	roles := []domain.Role{domain.RoleSystem, domain.RoleDeveloper, domain.RoleUser, domain.RoleAssistant, domain.RoleTool, domain.RoleFunction}
	shape := text[0]
	m := domain.Message{Role: roles[int(shape&0x0f)%len(roles)]}
	fields := append(strings.SplitN(text[1:], "|", 3), "", "")
	m.Text = fields[0]
	switch {
	case m.Role == domain.RoleAssistant && shape&0x10 != 0:
		m.ToolCalls = []domain.ToolCall{{ID: fields[1], Name: fields[0], Arguments: fields[2]}, {ID: fields[2], Name: fields[1], Arguments: fields[0]}}
	case m.Role == domain.RoleTool:
		m.ToolCallID = fields[1]
	default:
		m.Name = fields[2]
	}
	return m
}

// told lists what a transcript of the messages has to say, heading and text by turns.
func told(messages domain.Conversation) []string {
	var all []string
	for _, m := range messages {
		heading := string(m.Role)
		if m.Name != "" {
			heading += fmt.Sprintf(" %q", m.Name)
		}
		if m.ToolCallID != "" {
			heading += fmt.Sprintf(" answers %q", m.ToolCallID)
		}
		all = append(all, heading, m.Text)
		for _, call := range m.ToolCalls {
			all = append(all, fmt.Sprintf("assistant calls tool %q as %q", call.Name, call.ID), call.Arguments)
		}
	}
	return all
}

// sections takes a transcript apart at its bars.
func sections(t *testing.T, transcript string) []string {
	t.Helper()
	_, rest, found := strings.Cut(transcript, "such a line.\n\n")
	bar := rest[:len(rest)-len(strings.TrimLeft(rest, "="))]
	if !found || len(bar) < 4 {
		t.Fatalf("no heading in %q", transcript)
	}
	pieces := strings.Split(rest, bar)[1:]
	if len(pieces)%2 != 0 {
		t.Fatalf("%d bars in %q", len(pieces), transcript)
	}
	for i := range pieces {
		before, after := "\n", "\n\n" // of a text; the last one ends with the transcript
		if i%2 == 0 {
			before, after = " ", " "
		} else if i == len(pieces)-1 {
			after = ""
		}
		if !strings.HasPrefix(pieces[i], before) || !strings.HasSuffix(pieces[i], after) || len(pieces[i]) < len(before+after) {
			t.Fatalf("%q is no part of a transcript", pieces[i])
		}
		pieces[i] = pieces[i][len(before) : len(pieces[i])-len(after)]
	}
	return pieces
}
