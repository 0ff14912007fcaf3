package usage

// Moment is how things stand right now, as the metrics tell it as well.
type Moment struct {
	InFlight int                      // requests for completions under way
	Sessions int                      // upstream sessions that a conversation could go on in
	Accounts map[string]AccountMoment // by label
}

// AccountMoment is how one account stands.
type AccountMoment struct {
	State    string // as domain.AccountState names it
	InFlight int    // attempts that the account is at work on
}
