//go:build unix

package httpclient

import "syscall"

// quiet tells whether an idle connection is open and nothing has come over it: a peer that
// hung up meanwhile, or said something that nobody asked for, is not asked again.
func (c *conn) quiet() bool {
	quiet := false
	err := c.socket.Read(func(descriptor uintptr) bool {
		var one [1]byte
		_, err := syscall.Read(int(descriptor), one[:]) // never waits; what it reads ends the connection
		quiet = err == syscall.EAGAIN
		return true
	})
	return err == nil && quiet
}
