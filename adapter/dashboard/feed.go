package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"sync"
	"time"

	"ondemand-api-proxy/usecase/usage"
)

// The feed's bounds.
const (
	mostListeners = 64
	mostUnread    = 16 // events that wait for a slow listener
	mostRows      = 50 // of a batch that are told one by one
	momentEvery   = time.Second
)

// feed tells everybody who listens what happens. What it tells is put together once,
// however many listen, and not at all while nobody does.
type feed struct {
	moment func() momentJSON
	rows   func([]usage.Entry) []requestJSON

	mu        sync.Mutex
	listeners map[*listener]struct{}
	closed    bool
	over      chan struct{} // closed with it
}

// listener is one stream of events.
type listener struct {
	events chan []byte
	missed bool // some event found no room; guarded by feed.mu
}

func newFeed(moment func() momentJSON, rows func([]usage.Entry) []requestJSON) *feed {
	return &feed{moment: moment, rows: rows, listeners: make(map[*listener]struct{}), over: make(chan struct{})}
}

// listen begins a stream; nil: there are too many, or the feed is closed.
func (f *feed) listen() *listener {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || len(f.listeners) >= mostListeners {
		return nil
	}
	l := &listener{events: make(chan []byte, mostUnread)}
	f.listeners[l] = struct{}{}
	return l
}

func (f *feed) leave(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.listeners, l)
}

// close ends all streams.
func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.over)
	}
}

func (f *feed) isHeard() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.listeners) > 0
}

// publish gives an event to everybody. Who has no room for it has missed something.
func (f *feed) publish(event []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for l := range f.listeners {
		select {
		case l.events <- event:
		default:
			l.missed = true
		}
	}
}

// missedSome tells whether the listener has missed an event since it was asked last.
func (f *feed) missedSome(l *listener) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	missed := l.missed
	l.missed = false
	return missed
}

// run publishes the figures of the moment whenever they have changed, until ctx ends.
func (f *feed) run(ctx context.Context) {
	ticker := time.NewTicker(momentEvery)
	defer ticker.Stop()
	var last momentJSON
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !f.isHeard() {
			continue
		}
		now := f.moment()
		at := now.At
		now.At = instant{}
		if reflect.DeepEqual(now, last) {
			continue
		}
		last = now
		now.At = at
		f.publish(eventOf("moment", now))
	}
}

// batchJSON is what was written to the ledger just now.
type batchJSON struct {
	At       instant       `json:"at"`
	Totals   batchTotals   `json:"totals"`
	Requests []requestJSON `json:"requests"` // newest first
	More     int           `json:"more"`     // that are not among Requests
}

type batchTotals struct {
	sumsJSON
	Outcomes  usage.Outcomes `json:"outcomes"`
	Estimated int64          `json:"estimated_tokens"`
	Attempts  int64          `json:"attempts"`
	Streams   int64          `json:"streams"`
}

// wrote publishes a batch of the ledger.
func (f *feed) wrote(batch usage.Batch) {
	if !f.isHeard() {
		return
	}
	var sums usage.Sums
	outcomes := usage.Outcomes{}
	for key, s := range batch.Counts.Sums {
		if key.Dimension == usage.All {
			sums = sums.Plus(s)
			outcomes[key.Outcome] += s.Requests
		}
	}
	newest := batch.Rows[max(0, len(batch.Rows)-mostRows):]
	f.publish(eventOf("batch", batchJSON{
		At: instant(time.Now()), Totals: batchTotals{toSums(sums), outcomes, sums.Estimated, sums.Attempts, sums.Streams},
		Requests: f.rows(newest), More: int(sums.Requests) - len(newest),
	}))
}

// rows are entries of the ledger as the page gets them, newest first.
func (s *Server) rows(entries []usage.Entry) []requestJSON {
	names := s.namer()
	rows := make([]requestJSON, 0, len(entries))
	for i := len(entries) - 1; i >= 0; i-- {
		rows = append(rows, s.toRequest(&entries[i], names))
	}
	return rows
}

// eventOf is a server-sent event as it goes over the wire.
func eventOf(name string, data any) []byte {
	var event bytes.Buffer
	event.WriteString("event: " + name + "\ndata: ")
	text, err := json.Marshal(data)
	if err != nil { // of our own types: a defect
		panic("dashboard: " + err.Error())
	}
	event.Write(text)
	event.WriteString("\n\n")
	return event.Bytes()
}
