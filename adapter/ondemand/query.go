package ondemand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

// Query implements [chat.Upstream] (section 4). The wait for the answer's headers is
// bounded by RequestTimeout; from then on the stream's own limits hold.
func (c *Client) Query(
	ctx context.Context, account *domain.Account, grant *domain.Grant, session domain.SessionID, query *domain.Query,
) (chat.Stream, error) {
	call := &call{op: opQuery, account: account, grant: grant, method: http.MethodPost, accept: "text/event-stream"}
	if err := call.ready(); err != nil {
		return nil, err
	}
	if !usableSession(string(session)) {
		return nil, call.fault("there is no usable session id to ask")
	}
	call.url = c.queryURL(account, session)
	body, err := queryBody(query)
	if err != nil {
		return nil, domain.E(domain.Internal, "The query cannot be written down.", err)
	}
	call.body = body

	bounded, cancel := context.WithCancelCause(ctx)
	silence := &silence{over: func() { cancel(errSilent) }}
	silence.wait(time.Now(), c.options.RequestTimeout)
	response, err := c.ask(ctx, bounded, call) //nolint:bodyclose // the stream closes it
	silence.rest()
	if err != nil {
		silence.stop()
		cancel(errClosed)
		return nil, err
	}
	// The stream outlives the request: it keeps what its errors need, not the prompt.
	call.body = nil
	return newStream(streamOptions{
		call: call, parent: ctx, bounded: bounded, cancel: cancel,
		body: response.Body, silence: silence, limit: c.options.StreamTimeout, pool: &c.buffers,
	}), nil
}

// ask returns an answer that promises to be a stream.
func (c *Client) ask(parent, bounded context.Context, call *call) (*http.Response, error) {
	request, err := c.request(bounded, call)
	if err != nil {
		return nil, err
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, call.broken(parent, bounded, err)
	}
	if response.StatusCode/100 == 2 && mayStream(response.Header) {
		return response, nil
	}
	return nil, noStream(call, response)
}

// noStream is the error of an answer that is no stream.
func noStream(call *call, response *http.Response) error {
	defer func() { _ = response.Body.Close() }()
	said := readSome(response.Body)
	if response.StatusCode/100 != 2 {
		return call.refused(response, said)
	}
	// 200 and JSON is how a query fails that was taken on before (section 4.1); 200
	// and HTML is a page of whatever stands in front.
	safe := parseSaid(said).safe(response.StatusCode, redactorFor(call))
	return call.failure(domain.UpstreamFault, fmt.Errorf("%w: %w", errNoStream, safe))
}

// errNoStream is the cause of a 200 that is something else than a stream.
var errNoStream = errors.New("the answer is not a stream")

// mayStream tells whether an answer's type leaves room for a stream.
func mayStream(header http.Header) bool {
	kind := header.Get("Content-Type")
	if strings.HasPrefix(kind, "text/event-stream") {
		return true
	}
	kind, _, _ = mime.ParseMediaType(kind) // an odd type may still be a stream
	return kind != "text/html" && kind != "application/json"
}

// modelConfigs is the part of a query that holds what the caller set, and nothing else.
type modelConfigs struct {
	StopSequences    []string `json:"stopSequences,omitempty"`
	Temperature      *float64 `json:"temperature,omitempty"`
	TopP             *float64 `json:"topP,omitempty"`
	PresencePenalty  *float64 `json:"presencePenalty,omitempty"`
	FrequencyPenalty *float64 `json:"frequencyPenalty,omitempty"`
}

// queryBody writes a query down. The prompt may be several megabytes: it is copied
// once. A limit on output tokens is never sent, for the platform answers it with
// nothing at all; nor is a system prompt of its own, since its braces are templates.
func queryBody(query *domain.Query) ([]byte, error) {
	sampling := query.Sampling
	options, err := json.Marshal(struct {
		EndpointID      domain.EndpointID `json:"endpointId"`
		ResponseMode    string            `json:"responseMode"`
		PluginIDs       [0]string         `json:"pluginIds"`
		FulfillmentOnly bool              `json:"fulfillmentOnly"`
		ReasoningEffort domain.Effort     `json:"reasoningEffort,omitempty"`
		ModelConfigs    modelConfigs      `json:"modelConfigs,omitzero"`
	}{
		EndpointID: query.Endpoint, ResponseMode: "stream", FulfillmentOnly: true, ReasoningEffort: query.Effort,
		ModelConfigs: modelConfigs{
			StopSequences: query.Stop, Temperature: sampling.Temperature, TopP: sampling.TopP,
			PresencePenalty: sampling.PresencePenalty, FrequencyPenalty: sampling.FrequencyPenalty,
		},
	})
	if err != nil {
		return nil, err
	}
	const opening = `{"query":`
	// Line breaks and quotes grow when escaped; a sixteenth covers ordinary text.
	body := make([]byte, 0, len(opening)+len(query.Text)+len(query.Text)/16+len(options)+8)
	body = appendQuoted(append(body, opening...), query.Text)
	body = append(body, ',')
	return append(body, options[len("{"):]...), nil
}
