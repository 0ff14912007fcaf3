package app

import (
	"time"

	"ondemand-api-proxy/adapter/dashboard"
	"ondemand-api-proxy/adapter/eventlog"
	"ondemand-api-proxy/adapter/web"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/chat"
	"ondemand-api-proxy/usecase/models"
	"ondemand-api-proxy/usecase/usage"
)

// watcher is who is told everything that the use cases report.
type watcher interface {
	chat.Observer
	accounts.Observer
	models.Observer
}

// watchers tells several, one after the other.
type watchers []watcher

// Attempted implements chat.Observer.
func (all watchers) Attempted(a domain.Attempt) {
	for _, w := range all {
		w.Attempted(a)
	}
}

// AccountChanged implements accounts.Observer.
func (all watchers) AccountChanged(account domain.Account, state domain.AccountState, why domain.Kind, until time.Time) {
	for _, w := range all {
		w.AccountChanged(account, state, why, until)
	}
}

// AccountRenewed implements accounts.Observer.
func (all watchers) AccountRenewed(account domain.Account, how accounts.Renewal, err error) {
	for _, w := range all {
		w.AccountRenewed(account, how, err)
	}
}

// CatalogueRefreshed implements models.Observer.
func (all watchers) CatalogueRefreshed(models int, err error) {
	for _, w := range all {
		w.CatalogueRefreshed(models, err)
	}
}

// ledgerWatcher tells the log and the dashboard of the ledger, which the dashboard itself
// shows.
type ledgerWatcher struct {
	log   *eventlog.Log
	board *dashboard.Server
}

// LedgerWrote implements usage.Observer.
func (w *ledgerWatcher) LedgerWrote(batch usage.Batch) { w.board.LedgerWrote(batch) }

// LedgerFaulted implements usage.Observer.
func (w *ledgerWatcher) LedgerFaulted(err error) { w.log.LedgerFaulted(err) }

// recorders tells several, one after the other.
type recorders []web.Recorder

// Record implements web.Recorder.
func (all recorders) Record(record domain.Record) {
	for _, r := range all {
		r.Record(record)
	}
}
