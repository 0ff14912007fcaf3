package httpserver

import (
	"bytes"
	"strconv"
)

// A stream of which thousands wait writes a few hundred bytes at a time and flushes them. On their way through
// net/http they are copied into a buffer of the response and from there into one of the connection, and both
// have left the processor's caches since the last time. So once net/http has sent a head that promises chunks,
// and holds nothing back, a gatherer writes its chunks by itself (RFC 9112, section 7.1): through a buffer that all
// share, and that was used a moment ago. The last chunk, which ends the answer, is net/http's again.

// chunkFrame is what stands around the text of a chunk at most: its size and two line ends.
const chunkFrame = 16

// promisesChunks tells whether what was gathered begins an answer, and its head says that chunks follow.
func (c *conn) promisesChunks() bool {
	if c.begun || c.gathered.text == nil {
		return false
	}
	text := *c.gathered.text
	end := bytes.Index(text, []byte("\r\n\r\n"))
	return end > 0 && bytes.HasPrefix(text, []byte("HTTP/1.1 ")) && bytes.Contains(text[:end+2], []byte("\r\nTransfer-Encoding: chunked\r\n"))
}

// writeChunks gathers text as chunks. An empty text is none: that would end the answer.
func (c *conn) writeChunks(text []byte) (int, error) {
	written := 0
	for written < len(text) {
		some := text[written:min(written+gatherMost-chunkFrame, len(text))]
		if err := c.addChunk(some); err != nil {
			return written, err
		}
		written += len(some)
	}
	return written, nil
}

func (c *conn) addChunk(text []byte) error {
	if len(*c.held())+len(text)+chunkFrame > gatherMost {
		if err := c.sendGathered(); err != nil {
			return err
		}
	}
	held := c.held()
	*held = strconv.AppendInt(*held, int64(len(text)), 16)
	*held = append(*held, "\r\n"...)
	*held = append(*held, text...)
	*held = append(*held, "\r\n"...)
	return nil
}
