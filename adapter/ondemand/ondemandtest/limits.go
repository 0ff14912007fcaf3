package ondemandtest

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limits counts the queries of each company (protocol section 5).
type limits struct {
	opts  *Options
	mu    sync.Mutex
	begun map[string][]int64 // unix nanoseconds, within the last minute, oldest first
}

// take admits a query of the company, or not.
func (l *limits) take(company string) bool {
	if l.opts.QueriesPerMinute <= 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.opts.Now().UnixNano()
	begun := l.begun[company]
	for len(begun) > 0 && now-begun[0] >= int64(time.Minute) {
		begun = begun[1:]
	}
	admitted := len(begun) < l.opts.QueriesPerMinute
	if admitted {
		begun = append(begun, now)
	}
	l.begun[company] = begun
	return admitted
}

// refuseForLimit answers a query that the limit did not admit.
func (x *exchange) refuseForLimit() {
	if after := x.sim.opts.LimitRetryAfter; after > 0 {
		x.w.Header().Set("Retry-After", seconds(after))
	}
	x.refuse(&refusal{http.StatusTooManyRequests, "Rate limit exceeded", "rate_limit_exceeded"})
}

// seconds rounds up to whole seconds, as Retry-After has them.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
