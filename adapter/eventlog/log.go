// Package eventlog writes what the use cases report as log lines: how requests and
// attempts ended, and what became of accounts. Accounts stand there by name and id,
// access tokens by id, and no content at all.
package eventlog

import (
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
)

// Log implements the observer ports of the use cases.
type Log struct{ log *zap.Logger }

// New returns a Log that writes to log.
func New(log *zap.Logger) *Log { return &Log{log} }

// Attempted implements chat.Observer.
func (l *Log) Attempted(a domain.Attempt) {
	if a.Err == nil {
		return
	}
	level := zap.InfoLevel
	if kind := domain.KindOf(a.Err); kind == domain.ClientGone || kind == domain.SessionGone {
		level = zap.DebugLevel
	}
	l.log.Log(level, "attempt failed", zap.String("request_id", a.RequestID), of(a.Account), kind(a.Err), zap.Error(a.Err))
}

// Record implements web.Recorder.
func (l *Log) Record(r domain.Record) {
	l.log.Info("completion", zap.String("request_id", r.RequestID), zap.String("outcome", string(r.Outcome)), zap.Int("status", r.Status), zap.String("model", r.Model),
		zap.String("account_id", string(r.Account)), zap.String("token_id", string(r.Scope)), zap.Bool("stream", r.Stream),
		zap.Int("attempts", r.Attempts), zap.Bool("continued", r.Continued),
		zap.Int("prompt_tokens", r.Usage.Prompt), zap.Int("completion_tokens", r.Usage.Completion), zap.Stringer("usage", r.Usage.Source),
		zap.Duration("first_delta", r.FirstDelta), zap.Duration("took", r.Duration))
}

// AccountChanged implements accounts.Observer.
func (l *Log) AccountChanged(account domain.Account, state domain.AccountState, why domain.Kind, until time.Time) {
	switch state {
	case domain.AccountReady:
		l.log.Info("account is ready again", of(account))
	case domain.AccountResting:
		l.log.Info("account rests after a fault", of(account), zap.Stringer("why", why), zap.Time("until", until))
	case domain.AccountCooling:
		l.log.Warn("account cools down", of(account), zap.Stringer("why", why), zap.Time("until", until))
	case domain.AccountOut:
		l.log.Warn("account is out", of(account), zap.Stringer("why", why), zap.Time("tried_again", until))
	}
}

// AccountRenewed implements accounts.Observer.
func (l *Log) AccountRenewed(account domain.Account, how accounts.Renewal, err error) {
	if err != nil {
		l.log.Warn("account could not renew its token", of(account), zap.String("how", string(how)), kind(err), zap.Error(err))
		return
	}
	l.log.Debug("account renewed its token", of(account), zap.String("how", string(how)))
}

// CatalogueRefreshed implements models.Observer.
func (l *Log) CatalogueRefreshed(models int, err error) {
	if err != nil {
		l.log.Debug("the model catalogue could not be refreshed", kind(err), zap.Error(err))
		return
	}
	l.log.Info("model catalogue refreshed", zap.Int("models", models))
}

// LedgerFaulted implements usage.Observer.
func (l *Log) LedgerFaulted(err error) {
	l.log.Warn("the ledger could not be written; it is tried again, and nothing is lost while the service runs", zap.Error(err))
}

// of names an account.
func of(account domain.Account) zap.Field {
	return zap.Inline(zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) error {
		e.AddString("account", account.Label())
		e.AddString("account_id", string(account.ID()))
		return nil
	}))
}

func kind(err error) zap.Field { return zap.Stringer("kind", domain.KindOf(err)) }
