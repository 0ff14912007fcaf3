package metrics

import (
	"sync"
	"testing"
)

func TestNothingIsLostWhenManyReportAndManyAsk(t *testing.T) {
	const workers, rounds = 8, 50
	a := byKey(t, "main")
	m := newMetrics(a)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range rounds {
				everything(m, a)
				if i%10 == 0 {
					ask(t, m, "text/plain")
				}
			}
		})
	}
	group.Wait()
	const times = workers * rounds
	wants(t, m, "requests_in_flight", figures{`route="/v1/chat/completions"`: 0, `route="unmatched"`: 0})
	wants(t, m, "requests_total", figures{
		`method="POST",model="gpt-4o",outcome="completed",route="/v1/chat/completions"`:   times,
		`method="POST",model="other",outcome="rate_limited",route="/v1/chat/completions"`: times,
		`method="other",model="none",outcome="rejected",route="unmatched"`:                times,
	})
	wants(t, m, "tokens_total", figures{
		`kind="prompt",model="gpt-4o",source="measured"`: 30 * times, `kind="completion",model="gpt-4o",source="measured"`: 101 * times,
	})
	wants(t, m, "token_interval_seconds_count", figures{`model="gpt-4o"`: times})
	wants(t, m, "upstream_attempts_total", figures{`account="main",result="ok"`: times, `account="main",result="upstream_fault"`: times})
	wants(t, m, "sessions_dropped_total", figures{"": times})
	wants(t, m, "catalogue_models", figures{"": 7})
}
