package ondemand

import "sync"

// maxKept is the largest buffer that is used again, in bytes.
const maxKept = 64 << 10

// buffers are what one stream reads into. They go back when the stream's last text
// can no longer be in use: when its end is pulled, not when it is closed.
type buffers struct {
	read    []byte
	scratch [2]textScratch
	like    likeness
}

// bufferPool is shared by all streams of a client: most answers fit what an earlier
// one left.
type bufferPool struct{ pool sync.Pool }

// get returns buffers that nobody else uses.
func (p *bufferPool) get() *buffers {
	if b, ok := p.pool.Get().(*buffers); ok {
		return b
	}
	return &buffers{read: make([]byte, firstBuffer)}
}

// put takes buffers back, without the ones that one long delta made large.
func (p *bufferPool) put(b *buffers) {
	if cap(b.read) > maxKept {
		b.read = make([]byte, firstBuffer)
	}
	for i := range b.scratch {
		if s := &b.scratch[i]; cap(s.text) > maxKept || cap(s.escaped) > maxKept {
			*s = textScratch{}
		}
	}
	p.pool.Put(b)
}
