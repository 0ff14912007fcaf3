// Package ondemandtest is on-demand.io as an [net/http.Handler]: sign-in, sessions that
// remember, queries that stream, the model catalogue, and every fault the proxy has to
// survive, scripted. It serves tests of the client and of the whole binary, the
// simulator process and the demo mode, so it is bounded in memory and leaves nothing
// running once closed. What it does follows the protocol document section by section.
//
// A test starts it, points both upstream URLs at it, scripts trouble and looks at what
// arrived:
//
//	sim := ondemandtest.Start(t, ondemandtest.Options{
//		Accounts: []ondemandtest.Account{
//			{Email: "a@example.org", Password: "secret"},
//			{Key: "key-b"},
//		},
//		Model: ondemandtest.Recall,
//	})
//	sim.Script(
//		ondemandtest.Fault{On: ondemandtest.Query, Times: 1, Do: ondemandtest.CDNPage(502)},
//		ondemandtest.Fault{On: ondemandtest.Query, Account: "a@example.org", Skip: 1,
//			Do: ondemandtest.AfterDeltas(3, ondemandtest.Reset())},
//		ondemandtest.Fault{On: ondemandtest.NewSession, Times: 2,
//			Do: ondemandtest.Status(429).With(ondemandtest.RetryAfter(5 * time.Second))},
//	)
//	// Talk to sim.URL, which is gateway and API in one.
//	err := sim.WaitFor(ctx, func() bool { return sim.OpenStreams() == 0 })
//	got := sim.Count(ondemandtest.Query, "a@example.org")
//	turns := sim.Transcript(sim.Calls()[0].Session)
//
// The simulator's own signs of a misused protocol: [Sim.Overlaps] counts queries sent
// into a session that was still answering, and every query that it may have carried out
// stands in the session's transcript, answered or not.
package ondemandtest
