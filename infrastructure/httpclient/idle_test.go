package httpclient

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// idleConn returns a connection, what hangs up at its far end, and what tells whether it was closed.
func idleConn(t *testing.T, to address) (c *conn, far io.Closer, closed func() bool) {
	ours, theirs := net.Pipe()
	socket, far, err := os.Pipe() // nothing comes over it until its far end is closed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _, _ = ours.Close(), theirs.Close(), socket.Close(), far.Close() })
	raw, err := socket.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	return &conn{Conn: ours, to: to, socket: raw}, far, func() bool {
		_ = theirs.SetReadDeadline(time.Now())
		_, err := theirs.Read(make([]byte, 1))
		return errors.Is(err, io.EOF)
	}
}

func TestTheConnectionUsedLastIsUsedNextAndTheOthersGoInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var idle idleConns
		here, there := address{host: "here:80"}, address{host: "here:80", secure: true}
		if idle.take(here) != nil {
			t.Fatal("there was a connection before there was any")
		}
		old, _, oldClosed := idleConn(t, here)
		young, _, youngClosed := idleConn(t, here)
		other, hangUp, otherClosed := idleConn(t, there)
		idle.put(old)
		time.Sleep(idleTimeout / 2)
		idle.put(young)
		idle.put(other)
		if got := idle.take(here); got != young {
			t.Error("not the connection that was used last was taken")
		}
		if got := idle.take(there); got != other {
			t.Error("a connection to another address was taken")
		}
		idle.put(young)
		idle.put(other)

		time.Sleep(idleTimeout/2 + time.Second)
		synctest.Wait()
		if !oldClosed() || youngClosed() || otherClosed() {
			t.Errorf("after its time the old one is closed: %t, and the young ones: %t, %t", oldClosed(), youngClosed(), otherClosed())
		}
		_ = hangUp.Close()
		time.Sleep(sweepEvery)
		synctest.Wait()
		if youngClosed() || !otherClosed() {
			t.Errorf("after one was hung up it is closed: %t, and the other one: %t", otherClosed(), youngClosed())
		}
		time.Sleep(idleTimeout)
		synctest.Wait()
		if !youngClosed() || !otherClosed() || idle.sweep != nil || len(idle.conns) != 0 {
			t.Errorf("later all are closed: %t, %t; left are %d, sweeping goes on: %t", youngClosed(), otherClosed(), len(idle.conns), idle.sweep != nil)
		}
	})
}

func TestIdleConnectionsAreBoundedAndClosed(t *testing.T) {
	var idle idleConns
	to := address{host: "here:80"}
	first, _, firstClosed := idleConn(t, to)
	idle.put(first)
	for range maxIdle - 1 {
		c, _, _ := idleConn(t, to)
		idle.put(c)
	}
	more, _, moreClosed := idleConn(t, to)
	idle.put(more)
	if firstClosed() || !moreClosed() {
		t.Errorf("one too many is closed: %t, and the first: %t", moreClosed(), firstClosed())
	}

	// What comes while the idle ones are looked at counts, too.
	out := idle.takeAll()
	late, _, _ := idleConn(t, to)
	idle.put(late)
	if surplus := idle.takeBack(out); len(surplus) != 1 || surplus[0] != first || len(idle.conns[to]) != maxIdle || idle.take(to) != late {
		t.Errorf("with one more that came meanwhile %d are too many, and %d are kept", len(surplus), len(idle.conns[to]))
	}
	first.abort()
	idle.close()
	if !firstClosed() || len(idle.conns) != 0 || idle.sweep != nil {
		t.Errorf("the first is closed: %t; left are %d, sweeping goes on: %t", firstClosed(), len(idle.conns), idle.sweep != nil)
	}
}
