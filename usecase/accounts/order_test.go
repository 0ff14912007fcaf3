package accounts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

// TestTheOrderOfAccountsIsKept leases, releases and replaces at random: the order holds every account of the
// pool, the least busy and longest unused first, and whoever is chosen is the best of them.
func TestTheOrderOfAccountsIsKept(t *testing.T) {
	all := make([]domain.Account, 6)
	for i := range all {
		all[i] = account(t, fmt.Sprint("a", i), domain.AccountLimits{MaxConcurrency: 3})
	}
	rapid.Check(t, func(t *rapid.T) {
		p := New(&platform{}, deaf{}, Options{Wait: time.Hour}, all[:rapid.IntRange(1, len(all)).Draw(t, "accounts")])
		defer p.Close()
		var leases []*Lease
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1, 2:
				var wish Wish
				if rapid.Bool().Draw(t, "goes on") {
					wish.Prefer = rapid.SampledFrom(all).Draw(t, "prefer").ID()
				}
				p.mu.Lock()
				want := bestOf(p, wish)
				p.mu.Unlock()
				if want == nil {
					continue
				}
				lease, err := p.Acquire(t.Context(), wish)
				if err != nil || lease.member != want {
					t.Fatalf("leased %v, %v; want %s", lease, err, want.account.Name())
				}
				leases = append(leases, lease)
			case 3, 4:
				if len(leases) > 0 {
					i := rapid.IntRange(0, len(leases)-1).Draw(t, "lease")
					leases[i].Release(nil)
					leases = slices.Delete(leases, i, i+1)
				}
			case 5:
				p.Replace(rapid.Permutation(all).Draw(t, "new")[:rapid.IntRange(1, len(all)).Draw(t, "accounts")])
			}
			if !slices.IsSortedFunc(p.order, (*member).compare) || len(p.order) != len(p.members) {
				t.Fatalf("the order is broken")
			}
			for _, m := range p.members {
				if !slices.Contains(p.order, m) || p.byID[m.account.ID()] != m {
					t.Fatalf("%s is not in order", m.account.Name())
				}
			}
		}
	})
}

// bestOf looks at all accounts, which are all well; nil: they are busy.
func bestOf(p *Pool, wish Wish) *member {
	var best *member
	for _, m := range p.members {
		switch {
		case m.inFlight >= 3:
		case m.account.ID() == wish.Prefer:
			return m
		case best == nil || m.inFlight < best.inFlight || m.inFlight == best.inFlight && m.lastTurn < best.lastTurn:
			best = m
		}
	}
	return best
}
