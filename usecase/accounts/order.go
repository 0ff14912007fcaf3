package accounts

import (
	"cmp"
	"slices"
)

// order holds the pool's members with those in front that should get work first: the least busy, and of
// them the longest unused. Mostly the first one is taken, so that a thousand accounts cost a request
// no more than one.
type order []*member

func newOrder(members []*member) order {
	o := slices.Clone(members)
	slices.SortFunc(o, (*member).compare)
	return o
}

func (m *member) compare(other *member) int {
	return cmp.Or(cmp.Compare(m.inFlight, other.inFlight), cmp.Compare(m.lastTurn, other.lastTurn), cmp.Compare(m.place, other.place))
}

// move lets change what the member's place depends on, and moves it there. One that is no longer in
// the pool has none.
func (o order) move(m *member, change func()) {
	at, found := slices.BinarySearchFunc(o, m, (*member).compare)
	change()
	if !found || o[at] != m {
		return
	}
	rest := slices.Delete(o, at, at+1)
	at, _ = slices.BinarySearchFunc(rest, m, (*member).compare)
	_ = slices.Insert(rest, at, m) // there is room
}
