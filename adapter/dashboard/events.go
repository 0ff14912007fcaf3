package dashboard

import (
	"net/http"
	"time"

	"ondemand-api-proxy/domain"
)

// beatEvery is how often a silent stream of events gets a sign of life.
const beatEvery = 15 * time.Second

// events serves GET /api/events until the client leaves, the login ends or the program
// stops.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	l := s.feed.listen()
	if l == nil {
		err := domain.E(domain.Unavailable, "Too many pages listen already; this one can still ask now and then.", nil)
		err.RetryAfter = time.Minute
		return err
	}
	defer s.feed.leave(l)
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // a proxy in between must not hold events back
	control := http.NewResponseController(w)
	send := func(event []byte) bool {
		_, err := w.Write(event)
		return err == nil && control.Flush() == nil
	}
	if !send([]byte("retry: 2000\n\n")) || !send(eventOf("moment", s.moment())) {
		return nil
	}
	var loggedOut <-chan struct{} // nil: never
	if login := loginOf(r); login != nil {
		loggedOut = login.over
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for {
		event := []byte(": still here\n\n")
		select {
		case <-r.Context().Done():
			return nil
		case <-s.feed.over:
			return nil
		case <-loggedOut:
			return nil
		case <-beat.C:
		case event = <-l.events:
		}
		if !s.stillIn(r) {
			return nil
		}
		if s.feed.missedSome(l) {
			event = append(event[:len(event):len(event)], eventOf("resync", struct{}{})...)
		}
		if !send(event) {
			return nil
		}
	}
}
