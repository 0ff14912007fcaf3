package dashboard

import (
	"strconv"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
)

// namer knows what accounts are called towards the page: by their ids and names, or by
// numbers alone while the dashboard is restricted.
type namer struct {
	restricted bool
	byID       map[domain.AccountID]shownAs
	realID     map[string]domain.AccountID // by the id that the page knows
}

// shownAs is what the page calls an account.
type shownAs struct {
	id, name, credential string
}

func newNamer(statuses []accounts.Status, restricted bool) namer {
	n := namer{restricted, make(map[domain.AccountID]shownAs, len(statuses)), make(map[string]domain.AccountID, len(statuses))}
	for i, status := range statuses {
		a := status.Account
		as := shownAs{string(a.ID()), a.Name(), a.Credential().Masked()}
		switch {
		case restricted:
			as = shownAs{id: strconv.Itoa(i + 1), name: "account " + strconv.Itoa(i+1)}
		case a.Name() == string(a.ID()) && a.Credential().Kind() == domain.PasswordCredential:
			as.name = as.credential
		}
		n.byID[a.ID()], n.realID[as.id] = as, a.ID()
	}
	return n
}

func (s *Server) namer() namer { return newNamer(s.pool.Statuses(), s.options.Access().Restricted) }

// of returns what an account is called; one that is no longer configured is its id.
func (n namer) of(id domain.AccountID) shownAs {
	if as, found := n.byID[id]; found || n.restricted {
		return as
	}
	return shownAs{id: string(id), name: string(id)}
}

// real returns the account that the page calls so. A name that nobody has is nobody.
func (n namer) real(id string) domain.AccountID {
	if account, found := n.realID[id]; found || id == "" {
		return account
	}
	if n.restricted {
		return "none"
	}
	return domain.AccountID(id)
}
