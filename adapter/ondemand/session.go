package ondemand

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"ondemand-api-proxy/domain"
)

// maxSessionID bounds an id that goes into a path, in bytes.
const maxSessionID = 512

// OpenSession implements [chat.Upstream] (section 3). The platform's passing "no Route
// matched" is met by making the same call again, up to three times, before it is
// returned as RouteMissing: such a session never came to be, so nothing is doubled.
func (c *Client) OpenSession(ctx context.Context, account *domain.Account, grant *domain.Grant) (domain.SessionID, error) {
	call := &call{
		op: opOpenSession, account: account, grant: grant, method: http.MethodPost,
		url:  c.chatURL(account) + "/sessions",
		body: []byte(`{"externalUserId":"` + rand.Text() + `","pluginIds":[]}`),
	}
	body, err := c.control(ctx, call, maxControlAnswer)
	for _, pause := range [...]time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond} {
		if err == nil || domain.KindOf(err) != domain.RouteMissing {
			break
		}
		if err := call.pause(ctx, pause); err != nil {
			return "", err
		}
		body, err = c.control(ctx, call, maxControlAnswer)
	}
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return "", call.fault("the answer is not the JSON of a session")
	}
	if !usableSession(answer.Data.ID) {
		return "", call.fault("the answer holds no usable session id")
	}
	return domain.SessionID(answer.Data.ID), nil
}

// pause waits for d, or returns ClientGone when ctx ends first.
func (c *call) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return c.failure(domain.ClientGone, context.Cause(ctx))
	}
}

// chatURL is where the account's sessions live: one API for tokens, one for keys.
func (c *Client) chatURL(account *domain.Account) string {
	if account.Credential().Kind() == domain.KeyCredential {
		return c.options.APIURL + "/chat/v1"
	}
	return c.options.APIURL + "/chat/v1/client"
}

// queryURL is where a session is asked.
func (c *Client) queryURL(account *domain.Account, session domain.SessionID) string {
	return c.chatURL(account) + "/sessions/" + url.PathEscape(string(session)) + "/query"
}

// usableSession tells whether an id can stand in a path: escaping does not help
// against dots, which servers resolve.
func usableSession(id string) bool {
	return id != "" && id != "." && id != ".." && len(id) <= maxSessionID
}
