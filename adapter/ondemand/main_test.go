package ondemand

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ondemand-api-proxy/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testEmail    = "canary.mail@example.org"
	testPassword = "canary-password-1"
	testKey      = "canary-key-2"
)

func passwordAccount(t testing.TB) *domain.Account {
	t.Helper()
	credential, err := domain.NewPasswordCredential(testEmail, testPassword)
	if err != nil {
		t.Fatal(err)
	}
	return newAccount(t, credential)
}

func keyAccount(t testing.TB) *domain.Account {
	t.Helper()
	credential, err := domain.NewKeyCredential(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return newAccount(t, credential)
}

func newAccount(t testing.TB, credential domain.Credential) *domain.Account {
	t.Helper()
	account, err := domain.NewAccount("", credential, domain.AccountLimits{})
	if err != nil {
		t.Fatal(err)
	}
	return &account
}

func testGrant() *domain.Grant {
	return &domain.Grant{
		Token: domain.NewSecret("canary-token-3"), RefreshToken: domain.NewSecret("canary-refresh-4"),
		UserID: "user-5", CompanyID: "company-6",
	}
}

// streamOver returns a stream of body that behaves as if it came from a query: the
// end of its context ends the reading.
func streamOver(parent context.Context, account *domain.Account, body io.Reader, limit time.Duration) *stream {
	return pooledStream(parent, account, body, limit, &bufferPool{})
}

func pooledStream(parent context.Context, account *domain.Account, body io.Reader, limit time.Duration, pool *bufferPool) *stream {
	bounded, cancel := context.WithCancelCause(parent)
	silence := &silence{over: func() { cancel(errSilent) }}
	return newStream(streamOptions{
		call:   &call{op: opQuery, account: account, grant: testGrant()},
		parent: parent, bounded: bounded, cancel: cancel, body: interruptible(bounded, body),
		silence: silence, limit: limit, pool: pool,
	})
}

// interruptible closes body, when it can be closed, once ctx ends.
func interruptible(ctx context.Context, body io.Reader) io.ReadCloser {
	closer, ok := body.(interface{ CloseWithError(err error) error })
	if ok {
		context.AfterFunc(ctx, func() { _ = closer.CloseWithError(errors.New("read on a cancelled request")) })
	}
	return io.NopCloser(body)
}

// got is everything that came out of a stream.
type got struct {
	Answer, Reasoning string
	Deltas            []string // kind and text of each
	Usage             domain.Usage
	End               error
}

// readAll pulls a stream to its end and checks what holds for every delta.
func readAll(t testing.TB, s *stream) got {
	t.Helper()
	defer s.Close()
	var g got
	for {
		delta, err := s.Next()
		if err != nil {
			g.Usage, g.End = s.Usage(), err
			if _, again := s.Next(); !errors.Is(again, err) {
				t.Errorf("after its end with %v the stream said %v", err, again)
			}
			return g
		}
		checkDelta(t, delta)
		// What is at hand already must not disturb the delta that is in use.
		before := string(delta.Text) + "|" + string(delta.Escaped)
		s.Waiting()
		if after := string(delta.Text) + "|" + string(delta.Escaped); after != before {
			t.Errorf("looking ahead changed the delta from %q to %q", before, after)
		}
		if delta.Kind == domain.ReasoningDelta {
			g.Reasoning += string(delta.Text)
			g.Deltas = append(g.Deltas, "R:"+string(delta.Text))
			continue
		}
		g.Answer += string(delta.Text)
		g.Deltas = append(g.Deltas, "A:"+string(delta.Text))
	}
}
