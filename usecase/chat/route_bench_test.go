package chat

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
)

// always is an account that has time for everybody.
type always struct {
	Accounts
	lease benchLease
}

func (a always) Acquire(context.Context, domain.AccountID, []domain.AccountID) (Lease, error) {
	return a.lease, nil
}

type benchLease struct {
	Lease
	account domain.Account
}

func (l benchLease) Account() domain.Account { return l.account }

// BenchmarkRoute finds the session that goes on with the tenth turn of a conversation, among
// so many others.
func BenchmarkRoute(b *testing.B) {
	for _, others := range []int{0, 10_000, 100_000} {
		b.Run(fmt.Sprint(others, " other sessions"), func(b *testing.B) {
			w := newWorld(b, 1, says("unused"))
			in := w.interactor()
			in.accounts = always{lease: benchLease{account: w.pool.accounts[0]}}
			in.sessions = NewSessions(time.Hour, others+1)
			for i := range others {
				var tip domain.Digest
				binary.LittleEndian.PutUint64(tip[:], uint64(i)+1)
				in.sessions.Keep(domain.Session{ID: "other", Account: w.account(0), Tip: tip, LastUsed: time.Now()})
			}
			request := tenthTurn()
			first := &job{request: &request, began: time.Now()}
			if err := first.begin(in, nil); err != nil {
				b.Fatal(err)
			}
			in.sessions.Keep(domain.Session{ID: "ours", Account: w.account(0), Tip: first.tip, LastUsed: time.Now()})
			b.ReportAllocs()
			for b.Loop() {
				j := &job{request: &request, began: time.Now()}
				if err := j.begin(in, nil); err != nil {
					b.Fatal(err)
				}
				a := &attempt{choice: j.choices[0]}
				if err := a.route(b.Context()); err != nil || a.session != "ours" {
					b.Fatalf("routed to %q: %v", a.session, err)
				}
				in.sessions.Keep(domain.Session{ID: a.session, Account: w.account(0), Tip: j.tip, LastUsed: time.Now()})
			}
		})
	}
}

// tenthTurn is a request with nine turns before it.
func tenthTurn() domain.ChatRequest {
	request := domain.ChatRequest{Model: "gpt", Choices: 1, Scope: "0a1b2c3d4e5f"}
	for range 9 {
		request.Messages = append(request.Messages,
			domain.Message{Role: domain.RoleUser, Text: strings.Repeat("question ", 20)},
			domain.Message{Role: domain.RoleAssistant, Text: strings.Repeat("answer ", 120)})
	}
	request.Messages = append(request.Messages, domain.Message{Role: domain.RoleUser, Text: "and now?"})
	return request
}

// BenchmarkEstimate counts the tokens of a conversation of which nobody told the usage.
func BenchmarkEstimate(b *testing.B) {
	request := tenthTurn()
	b.ReportAllocs()
	for b.Loop() {
		countPrompt(even(4), request.Messages)
	}
}
