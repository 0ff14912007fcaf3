package chat

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// turn is what the platform of the tests does with one attempt.
type turn struct {
	open   error // opening the session ends so
	query  error // the query ends so, before anything comes
	deltas []*domain.Delta
	end    error         // how the answer ends; nil: properly
	usage  domain.Usage  // what was counted, known after a proper end
	wait   time.Duration // before the query is answered, and before each delta and the end
	hangs  bool          // after the deltas nothing comes until the context ends
	first  func()        // runs when the query comes
}

func says(texts ...string) turn {
	var t turn
	for _, text := range texts {
		t.deltas = append(t.deltas, answerDelta(text))
	}
	return t
}

func breaks(kind domain.Kind, texts ...string) turn {
	t := says(texts...)
	t.end = trouble(kind)
	return t
}

func refuses(kind domain.Kind) turn { return turn{query: trouble(kind)} }

func trouble(kind domain.Kind) error { return domain.E(kind, "A sentence.", nil) }

// query is one question the platform was asked.
type query struct {
	domain.Query
	account domain.AccountID
	session domain.SessionID
	at      time.Time
}

// platform is the Upstream of the tests. It does its turns one after the other, and the
// last one again and again.
type platform struct {
	mu       sync.Mutex
	turns    []turn
	sessions int
	queries  []query
	streams  []*stream
}

func (p *platform) next(consume bool) turn {
	next := p.turns[0]
	if consume && len(p.turns) > 1 {
		p.turns = p.turns[1:]
	}
	return next
}

func (p *platform) OpenSession(context.Context, *domain.Account, *domain.Grant) (domain.SessionID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.next(false).open; err != nil {
		p.next(true)
		return "", err
	}
	p.sessions++
	return domain.SessionID(fmt.Sprint("s", p.sessions)), nil
}

func (p *platform) Query(ctx context.Context, account *domain.Account, _ *domain.Grant, session domain.SessionID, q *domain.Query) (Stream, error) {
	p.mu.Lock()
	now := p.next(true)
	p.queries = append(p.queries, query{*q, account.ID(), session, time.Now()})
	p.mu.Unlock()
	if now.first != nil {
		now.first()
	}
	s := &stream{ctx: ctx, turn: now, all: now.deltas}
	if err := s.pause(); err != nil {
		return nil, err
	}
	if now.query != nil {
		return nil, now.query
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.streams = append(p.streams, s)
	return s, nil
}

// stream is one answer. A delta's text is overwritten when the next one is pulled.
type stream struct {
	ctx context.Context
	turn
	all    []*domain.Delta // deltas holds those that were not pulled yet
	buffer []byte
	done   bool
	closed int
	late   int // pulls after it was closed
}

func (s *stream) pause() error {
	if s.wait == 0 {
		return nil
	}
	select {
	case <-time.After(s.wait):
		return nil
	case <-s.ctx.Done():
		return trouble(domain.UpstreamCut)
	}
}

func (s *stream) Next() (*domain.Delta, error) {
	if s.closed > 0 {
		s.late++
	}
	clobber(s.buffer)
	if err := s.pause(); err != nil {
		return nil, err
	}
	if len(s.deltas) == 0 {
		if s.hangs {
			<-s.ctx.Done()
			return nil, trouble(domain.UpstreamCut)
		}
		if s.end != nil {
			return nil, s.end
		}
		s.done = true
		return nil, io.EOF
	}
	delta := s.deltas[0]
	s.deltas = s.deltas[1:]
	s.buffer = append(s.buffer[:0], delta.Text...)
	return &domain.Delta{Kind: delta.Kind, Text: s.buffer}, nil
}

func (s *stream) Waiting() bool { return len(s.deltas) > 0 }
func (s *stream) Close()        { s.closed++ }

func (s *stream) Usage() domain.Usage {
	if !s.done {
		return domain.Usage{}
	}
	return s.usage
}

// pool is the Accounts of the tests: it gives out its accounts in their order, and takes
// away for good the one that is in trouble.
type pool struct {
	mu       sync.Mutex
	accounts []domain.Account
	signIn   map[domain.AccountID]error // how signing in ends
	gone     map[domain.AccountID]domain.Kind
	busy     map[domain.AccountID]bool
	closed   error // what Acquire returns, if anything
	last     int   // after so many leases all accounts stay busy; 0: never
	forgives bool  // trouble takes no account away
	room     int   // so many leases at a time; who gets none waits half a minute at most; 0: any number
	out      int   // leases that were not given back
	leases   []*lease
}

func (p *pool) Acquire(ctx context.Context, prefer domain.AccountID, tried []domain.AccountID) (Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last > 0 && len(p.leases) >= p.last {
		<-ctx.Done()
		return nil, trouble(domain.ClientGone)
	}
	if p.room > 0 && p.out >= p.room {
		p.mu.Unlock()
		select {
		case <-time.After(30 * time.Second):
		case <-ctx.Done():
		}
		p.mu.Lock()
		if p.out >= p.room {
			return nil, trouble(domain.AccountsExhausted)
		}
	}
	if p.closed != nil {
		return nil, p.closed
	}
	var best *domain.Account
	rank := 3
	for i, account := range p.accounts {
		r := 1
		switch id := account.ID(); {
		case p.gone[id] != 0 || p.busy[id]:
			continue
		case slices.Contains(tried, id):
			r = 2
		case id == prefer:
			r = 0
		}
		if r < rank {
			best, rank = &p.accounts[i], r
		}
	}
	if best == nil {
		return nil, p.unusable()
	}
	l := &lease{pool: p, account: *best}
	p.leases = append(p.leases, l)
	p.out++
	return l, nil
}

func (p *pool) Outlook(tried []domain.AccountID) (fresh bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	usable := false
	for _, account := range p.accounts {
		if p.gone[account.ID()] == 0 {
			usable = true
			fresh = fresh || !slices.Contains(tried, account.ID())
		}
	}
	if !usable {
		return false, p.unusable()
	}
	return fresh, nil
}

// poolRetryAfter is what the pool names as the time to come back.
const poolRetryAfter = 77 * time.Second

func (p *pool) unusable() error {
	err := domain.E(domain.NoAccount, "The pool's sentence.", nil)
	for _, kind := range p.gone {
		if kind == domain.UpstreamRateLimited {
			err.Kind = domain.AccountsExhausted
		}
	}
	err.RetryAfter = poolRetryAfter
	return err
}

type lease struct {
	pool     *pool
	account  domain.Account
	released []error
}

func (l *lease) Account() domain.Account { return l.account }

func (l *lease) Call(ctx context.Context, call func(context.Context, *domain.Account, *domain.Grant) error) error {
	l.pool.mu.Lock()
	err := l.pool.signIn[l.account.ID()]
	l.pool.mu.Unlock()
	if err != nil {
		return err
	}
	return call(ctx, &l.account, &domain.Grant{})
}

func (l *lease) Release(err error) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.released = append(l.released, err)
	l.pool.out--
	if kind := domain.KindOf(err); kind.IsAccountTrouble() && !l.pool.forgives {
		l.pool.gone[l.account.ID()] = kind
	}
}

// received is what a client got of one choice.
type received struct {
	answer, reasoning string
	deltas            int
	more              []bool
	finished          []domain.FinishReason
	endFollows        bool // the last Finish said so
}

// client is the Sink of the tests.
type client struct {
	mu        sync.Mutex
	choices   map[int]*received
	onDeliver func(choice int) error
	onFinish  func(choice int) error
}

func (c *client) choice(i int) *received {
	if c.choices == nil {
		c.choices = map[int]*received{}
	}
	if c.choices[i] == nil {
		c.choices[i] = &received{}
	}
	return c.choices[i]
}

func (c *client) Deliver(choice int, delta *domain.Delta, more bool) error {
	c.mu.Lock()
	got := c.choice(choice)
	got.deltas++
	got.more = append(got.more, more)
	if delta.Kind == domain.ReasoningDelta {
		got.reasoning += string(delta.Text)
	} else {
		got.answer += string(delta.Text)
	}
	c.mu.Unlock()
	if c.onDeliver != nil {
		return c.onDeliver(choice)
	}
	return nil
}

func (c *client) Finish(choice int, reason domain.FinishReason, more bool) error {
	c.mu.Lock()
	got := c.choice(choice)
	got.endFollows = more
	got.finished = append(got.finished, reason)
	c.mu.Unlock()
	if c.onFinish != nil {
		return c.onFinish(choice)
	}
	return nil
}

// ledger is the Observer of the tests.
type ledger struct {
	mu       sync.Mutex
	attempts []domain.Attempt
}

func (l *ledger) Attempted(a domain.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, a)
}

type models map[string]domain.ModelMapping

func (m models) Resolve(name string) (domain.ModelMapping, error) {
	if found, ok := m[name]; ok {
		return found, nil
	}
	return domain.ModelMapping{}, domain.E(domain.ModelNotFound, "No such model.", nil)
}
