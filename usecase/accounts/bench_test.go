package accounts

import (
	"fmt"
	"testing"

	"ondemand-api-proxy/domain"
)

// BenchmarkAcquire leases and releases an account among so many, idle and with one request running on each.
func BenchmarkAcquire(b *testing.B) {
	for _, count := range []int{1, 10, 1000} {
		for _, running := range []int{0, 1} {
			b.Run(fmt.Sprintf("%d accounts, %d running", count, running), func(b *testing.B) {
				var all []domain.Account
				for i := range count {
					credential, err := domain.NewKeyCredential(fmt.Sprint("key-", i))
					if err != nil {
						b.Fatal(err)
					}
					account, err := domain.NewAccount("", credential, domain.AccountLimits{})
					if err != nil {
						b.Fatal(err)
					}
					all = append(all, account)
				}
				p := New(&platform{}, deaf{}, Options{}, all)
				defer p.Close()
				for range count * running {
					if _, err := p.Acquire(b.Context(), Wish{}); err != nil {
						b.Fatal(err)
					}
				}
				wish := Wish{Prefer: all[count/2].ID()}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					lease, err := p.Acquire(b.Context(), Wish{Prefer: wish.Prefer[:len(wish.Prefer)*(i%2)]}) // every other one goes on
					if err != nil {
						b.Fatal(err)
					}
					lease.Release(nil)
				}
			})
		}
	}
}
