package dashboard

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// How long a login lasts, and how many there are.
const (
	lifetime   = 30 * 24 * time.Hour // from its beginning
	idleTime   = 24 * time.Hour      // without a request
	mostLogins = 1000                // the one that was idle longest goes
)

// logins knows who is logged in. It lives in memory: after a restart everybody logs in
// anew, and a cookie that got into wrong hands is worth nothing any more.
type logins struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]*loggedIn // by the digest of the cookie's value
}

// loggedIn is one login.
type loggedIn struct {
	key      [sha256.Size]byte
	password domain.Secret // that it was begun with
	began    time.Time
	seen     time.Time     // guarded by logins.mu
	over     chan struct{} // closed when it is over
}

func newLogins() *logins { return &logins{all: make(map[[sha256.Size]byte]*loggedIn)} }

// begin returns the value of a new login's cookie.
func (l *logins) begin(password domain.Secret, now time.Time) string {
	value := rand.Text() // 128 bits or more
	key := sha256.Sum256([]byte(value))
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) >= mostLogins {
		l.evict()
	}
	l.all[key] = &loggedIn{key: key, password: password, began: now, seen: now, over: make(chan struct{})}
	return value
}

// evict ends the login that was idle longest, under the lock.
func (l *logins) evict() {
	var oldest *loggedIn
	for _, one := range l.all {
		if oldest == nil || one.seen.Before(oldest.seen) {
			oldest = one
		}
	}
	l.remove(oldest)
}

func (l *logins) remove(one *loggedIn) {
	delete(l.all, one.key)
	close(one.over)
}

// of returns the login of who made the request, nil when there is none. The digest, and
// not the value, is looked up: the time that takes tells nothing.
func (l *logins) of(r *http.Request, now time.Time) *loggedIn {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.all[sha256.Sum256([]byte(cookie.Value))]
	if one == nil || !l.touch(one, now) {
		return nil
	}
	return one
}

// touch notes that a login is in use, under the lock; false: it is over.
func (l *logins) touch(one *loggedIn, now time.Time) bool {
	if now.Sub(one.seen) > idleTime || now.Sub(one.began) > lifetime {
		l.remove(one)
		return false
	}
	one.seen = now
	return true
}

// end ends a login.
func (l *logins) end(one *loggedIn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[one.key] == one {
		l.remove(one)
	}
}

type loginKey struct{}

func withLogin(r *http.Request, login *loggedIn) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), loginKey{}, login))
}

// loginOf returns the login of a guarded request, nil when a token let it in.
func loginOf(r *http.Request) *loggedIn {
	login, _ := r.Context().Value(loginKey{}).(*loggedIn)
	return login
}
