package ondemandtest

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

// openSession serves protocol section 3.
func (s *Sim) openSession(x *exchange) {
	account, why := s.authorize(x)
	if why != nil {
		x.refuse(why)
		return
	}
	var asked struct {
		ExternalUserID string   `json:"externalUserId"`
		PluginIDs      []string `json:"pluginIds"`
	}
	if err := json.Unmarshal(x.body, &asked); err != nil || asked.ExternalUserID == "" {
		x.refuse(invalid("externalUserId is required"))
		return
	}
	id := s.sessions.make(account.Label())
	s.ledger.mu.Lock()
	x.entry.call.Session = id
	s.ledger.mu.Unlock()
	x.json(http.StatusCreated, map[string]any{
		"message": "Chat session created successfully",
		"data": map[string]any{
			"id": id, "companyId": account.CompanyID, "externalUserId": asked.ExternalUserID, "pluginIds": asked.PluginIDs,
		},
	})
}

// admit returns the session that a query may use, or why it is refused.
func (x *exchange) admit() (*session, Account, *refusal) {
	account, why := x.sim.authorize(x)
	if why != nil {
		return nil, account, why
	}
	found, why := x.sim.sessions.find(x.r.PathValue("id"), account.Label())
	switch {
	case why != nil:
		return nil, account, why
	case x.problem != nil:
		return nil, account, x.problem
	}
	return found, account, x.sim.endpointProblem(x.asked)
}

// remember notes a query as carried out although its answer never comes.
func (x *exchange) remember() {
	if found, _, why := x.admit(); why == nil {
		turn, _ := x.sim.sessions.ask(found, x.asked.Query, x.asked.EndpointID)
		x.sim.sessions.answered(found, turn, "", false)
	}
}

// query serves protocol section 4.
func (s *Sim) query(x *exchange) {
	found, account, why := x.admit()
	if why != nil {
		x.refuse(why)
		return
	}
	if !s.limits.take(account.CompanyID) {
		x.refuseForLimit()
		return
	}
	turn, before := s.sessions.ask(found, x.asked.Query, x.asked.EndpointID)
	var sent string
	told := false // the turn is complete already
	defer func() {
		switch {
		case !told:
			s.sessions.answered(found, turn, sent, x.finished)
		case !x.finished:
			s.sessions.broke(found, turn)
		}
	}()

	seen := Seen{Session: found.id, Account: account.Label(), Turns: before, Query: x.asked.Query, Asked: *x.asked}
	answer := x.answer(seen)
	if x.asked.ResponseMode == "sync" {
		sent = x.answerAtOnce(found.id, answer)
		return
	}
	st := newStreamer(x, found.id)
	st.whole = func() { // who has read the last frame may ask again before this handler has returned
		told = true
		s.sessions.answered(found, turn, st.text.String(), true)
	}
	s.ledger.streams.Add(1)
	defer s.ledger.streams.Add(-1)
	s.changed.notify()
	x.finished = st.run(answer)
	sent = st.text.String()
}

// answer asks the model, or does what the script says instead.
func (x *exchange) answer(seen Seen) Answer {
	var answer Answer
	switch {
	case x.plan.answer != nil:
		answer = *x.plan.answer
	case x.asked.Limited():
		// Seen on the live service: whoever sends a token limit gets nothing.
	default:
		answer = (*x.sim.model.Load())(seen)
	}
	if answer.InputTokens == 0 {
		characters := utf8.RuneCountInString(seen.Query)
		for _, t := range seen.Turns {
			characters += utf8.RuneCountInString(t.Query) + utf8.RuneCountInString(t.Answer)
		}
		answer.InputTokens = tokensOf(characters)
	}
	if answer.OutputTokens == 0 {
		answer.OutputTokens = tokensOf(utf8.RuneCountInString(answer.whole()) + utf8.RuneCountInString(answer.Reasoning))
	}
	return answer
}

// tokensOf guesses how many tokens so many characters are.
func tokensOf(characters int) int { return (characters + 3) / 4 }

// answerAtOnce answers in sync mode (protocol section 4.1), and returns what was sent.
func (x *exchange) answerAtOnce(session string, answer Answer) string {
	pace := x.pace()
	if !x.wait(pace.BeforeHeaders + pace.BeforeFirst) {
		return ""
	}
	text := answer.whole()
	x.json(http.StatusOK, map[string]any{
		"message": "Chat query submitted successfully",
		"data": map[string]any{
			"sessionId": session, "messageId": newID(), "answer": text, "status": "completed",
			"metrics": map[string]any{
				"inputTokens": answer.InputTokens, "outputTokens": answer.OutputTokens,
				"totalTokens": answer.InputTokens + answer.OutputTokens,
			},
		},
	})
	return text
}

// pace and wire are the script's, else the options'.
func (x *exchange) pace() Pace {
	if x.plan.pace != nil {
		return *x.plan.pace
	}
	return x.sim.opts.Pace
}

func (x *exchange) wire() Wire {
	if x.plan.wire != nil {
		return *x.plan.wire
	}
	return x.sim.opts.Wire
}
