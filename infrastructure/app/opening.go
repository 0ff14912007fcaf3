package app

import (
	"context"

	"ondemand-api-proxy/adapter/sqlite"
)

// opening is a store that is being opened while the rest of the program is put together: either takes
// about as long.
type opening struct {
	store   *sqlite.Store
	done    chan struct{}
	asideAs string // see sqlite.Store.Open; set, as err is, before done is closed
	err     error
	taken   bool // somebody else closes it
}

// open begins to open the store of a directory. Whoever calls it calls end.
func open(ctx context.Context, directory string) *opening {
	o := &opening{store: sqlite.New(directory), done: make(chan struct{})}
	bounded, cancel := context.WithTimeout(ctx, startTimeout)
	go func() {
		defer close(o.done)
		defer cancel()
		o.asideAs, o.err = o.store.Open(bounded)
	}()
	return o
}

// take returns how opening the store ended, which it does in time by itself. The store is the caller's from then on.
func (o *opening) take() (asideAs string, err error) {
	<-o.done
	o.taken = true
	return o.asideAs, o.err
}

// end closes a store that nobody took.
func (o *opening) end() error {
	<-o.done
	if o.taken {
		return nil
	}
	return o.store.Close()
}
