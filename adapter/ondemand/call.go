package ondemand

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"ondemand-api-proxy/domain"
)

// How much of an answer is read before it is taken for nonsense, in bytes.
const (
	maxControlAnswer   = 1 << 20
	maxCatalogueAnswer = 4 << 20
	maxErrorAnswer     = 64 << 10
)

// errSilent is the cancellation cause of a call that took too long.
var errSilent = errors.New("nothing came in time")

// call is one request to the platform: what for, for whom, and what is sent.
type call struct {
	op      operation
	account *domain.Account
	grant   *domain.Grant
	method  string
	url     string
	body    []byte // JSON; nil: none
	accept  string
}

// byKey tells whether the account sends an API key rather than a token.
func (c *call) byKey() bool { return c.account.Credential().Kind() == domain.KeyCredential }

// request builds the HTTP request of a call, with the account's credential (section 2).
func (c *Client) request(ctx context.Context, call *call) (*http.Request, error) {
	var body io.Reader
	if call.body != nil {
		body = bytes.NewReader(call.body)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, call.url, body)
	if err != nil {
		return nil, domain.E(domain.Internal, "The address of the upstream is not usable.", redactorFor(call).network(err))
	}
	request.Header.Set("User-Agent", c.options.UserAgent)
	request.Header.Set("Accept", call.accept)
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	call.authorise(request)
	return request, nil
}

// authorise adds what proves who calls. A refresh carries its tokens in its body.
func (c *call) authorise(request *http.Request) {
	credential := c.account.Credential()
	switch {
	case c.op == opSignIn:
		request.SetBasicAuth(credential.Email().Reveal(), credential.Password().Reveal())
	case c.op == opRefresh:
	case c.byKey():
		// The platform documents it as apikey; HTTP does not mind, and so net/http need not spell it anew.
		request.Header.Set("Apikey", credential.Key().Reveal())
	default:
		request.Header.Set("Authorization", "Bearer "+c.grant.Token.Reveal())
		request.Header.Set("X-Company-Id", c.grant.CompanyID)
		if c.op == opOpenSession {
			request.Header.Set("X-User-Id", c.grant.UserID)
		}
	}
}

// control makes a call that has to be over, body included, within RequestTimeout,
// and returns the body of a 2xx answer of at most limit bytes.
func (c *Client) control(ctx context.Context, call *call, limit int64) ([]byte, error) {
	if err := call.ready(); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeoutCause(ctx, c.options.RequestTimeout, errSilent)
	defer cancel()

	call.accept = "application/json"
	request, err := c.request(bounded, call)
	if err != nil {
		return nil, err
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, call.broken(ctx, bounded, err)
	}
	defer func() { _ = response.Body.Close() }()

	if response.StatusCode/100 != 2 {
		return nil, call.refused(response, readSome(response.Body))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, call.broken(ctx, bounded, err)
	}
	if int64(len(body)) > limit {
		return nil, call.fault("the answer is longer than any answer should be")
	}
	return body, nil
}

// ready refuses what the platform could only refuse: a call without a token.
func (c *call) ready() error {
	if c.op == opSignIn || c.op == opRefresh || c.byKey() || !c.grant.Token.IsZero() {
		return nil
	}
	return c.failure(domain.GrantExpired, errors.New("there is no token"))
}

// readSome reads the body of an error answer, as far as it is there and small.
func readSome(body io.Reader) []byte {
	said, _ := io.ReadAll(io.LimitReader(body, maxErrorAnswer)) // half an explanation is as good as none
	return said
}
