package httpserver

import (
	"net"
	"net/http"
	"sync"
)

// newborn knows the connections on which nothing has come yet. Browsers open some ahead
// of need; http.Server.Shutdown would wait five seconds for each.
type newborn struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	over  bool
}

// watch implements http.Server.ConnState.
func (n *newborn) watch(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state != http.StateNew {
		delete(n.conns, conn)
		return
	}
	if n.conns == nil {
		n.conns = make(map[net.Conn]struct{})
	}
	n.conns[conn] = struct{}{}
	if n.over {
		_ = conn.Close()
	}
}

// close closes them all, and those that are still to come.
func (n *newborn) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.over = true
	for conn := range n.conns {
		_ = conn.Close()
	}
}
