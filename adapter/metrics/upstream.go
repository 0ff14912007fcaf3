package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
)

// upstream are the families about the work that accounts do, and their sessions.
type upstream struct {
	attempts *prometheus.CounterVec // by account, result
	renewals *prometheus.CounterVec // by account, how, result
	uses     *prometheus.CounterVec // by use
	dropped  prometheus.Counter
}

func newUpstream(factory, gauges promauto.Factory, sessions func() int) upstream {
	gauges.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: sessionsName,
		Help: "Upstream sessions that a conversation could go on in.",
	}, func() float64 { return float64(sessions()) })
	u := upstream{
		attempts: factory.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "upstream_attempts_total",
			Help: "Attempts at answering, by account and result: ok, or the kind of error.",
		}, []string{"account", "result"}),
		renewals: factory.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "account_renewals_total",
			Help: "Tokens that accounts asked the platform for, by account, way (sign_in, refresh) and result (ok, failed).",
		}, []string{"account", "how", "result"}),
		uses: factory.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "session_uses_total",
			Help: "Attempts that had an upstream session, by use: fresh (a conversation began), continued (it went on), replayed (it was sent anew).",
		}, []string{"use"}),
		dropped: factory.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "sessions_dropped_total",
			Help: "Attempts whose upstream session was not kept for the conversation to go on in.",
		}),
	}
	for _, use := range []domain.SessionUse{domain.SessionFresh, domain.SessionContinued, domain.SessionReplayed} {
		u.uses.WithLabelValues(use.String())
	}
	return u
}

// Attempted implements chat.Observer.
func (m *Metrics) Attempted(attempt domain.Attempt) {
	m.upstream.attempts.WithLabelValues(attempt.Account.Label(), attempt.Result()).Inc()
	if attempt.Session == domain.SessionNone {
		return
	}
	m.upstream.uses.WithLabelValues(attempt.Session.String()).Inc()
	if !attempt.Kept {
		m.upstream.dropped.Inc()
	}
}

// AccountChanged implements accounts.Observer. It counts nothing: the states are read
// when somebody asks for them, since every state but ready ends without an event.
func (m *Metrics) AccountChanged(domain.Account, domain.AccountState, domain.Kind, time.Time) {}

// AccountRenewed implements accounts.Observer.
func (m *Metrics) AccountRenewed(account domain.Account, how accounts.Renewal, err error) {
	label := account.Label()
	ok := m.upstream.renewals.WithLabelValues(label, string(how), resultOK)
	failed := m.upstream.renewals.WithLabelValues(label, string(how), resultFailed) // both exist from the first renewal on
	if err != nil {
		failed.Inc()
		return
	}
	ok.Inc()
}
