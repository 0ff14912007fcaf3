//go:build !unix

package httpclient

import "time"

// mostIdle is how long a connection is trusted where it cannot be looked at.
const mostIdle = 5 * time.Second

// quiet tells whether an idle connection is likely to be open still.
func (c *conn) quiet() bool { return time.Since(c.since) < mostIdle }
