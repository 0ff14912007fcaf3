package logging

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

// counting counts the writes that come to it, and fails while it is full.
type counting struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
	full   bool
}

func (c *counting) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	if c.full {
		return 0, errors.New("no space left")
	}
	return c.text.Write(p)
}

func (c *counting) lines() (lines, writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Count(c.text.String(), "\n"), c.writes
}

func TestLinesOfAnswersAreWrittenTogetherWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &counting{}
		buffer := NewBuffer(out)
		log := New(zap.NewAtomicLevel(), JSON, buffer)
		expect := func(what string, lines, writes int) {
			t.Helper()
			synctest.Wait()
			if gotLines, gotWrites := out.lines(); gotLines != lines || gotWrites != writes {
				t.Errorf("%s: %d lines in %d writes, want %d in %d", what, gotLines, gotWrites, lines, writes)
			}
		}
		for range 10 {
			log.Info("an answer")
		}
		expect("at once", 0, 0)
		time.Sleep(bufferTime)
		expect("a second later", 10, 1)
		time.Sleep(time.Hour)
		expect("with nothing to write", 10, 1)
		log.Info("an answer")
		log.With(zap.String("a", "b")).Warn("something is wrong")
		expect("a warning", 12, 2)
		log.Info(strings.Repeat("x", bufferSize))
		expect("much", 13, 3)
		log.Debug("below the level")
		log.Info("an answer")
		buffer.Stop()
		expect("the end", 14, 4)
		log.Info("after the end")
		expect("after the end", 15, 5)
	})
}

func TestADiskThatWasFullIsWrittenToAgain(t *testing.T) {
	out := &counting{full: true}
	buffer := NewBuffer(out)
	log := New(zap.NewAtomicLevel(), JSON, buffer)
	log.Warn("lost")
	out.mu.Lock()
	out.full = false
	out.mu.Unlock()
	log.Info("kept")
	buffer.Stop()
	if lines, _ := out.lines(); lines != 1 || !strings.Contains(out.text.String(), "kept") {
		t.Errorf("written: %q", out.text.String())
	}
}
