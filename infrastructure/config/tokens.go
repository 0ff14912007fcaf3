package config

import (
	"fmt"
	"time"

	"ondemand-api-proxy/domain"
)

// accessTokens reads the further tokens of clients.
func accessTokens() codec[[]AccessToken] {
	return codec[[]AccessToken]{
		allowed: `a list of {"name","token"}`,
		value:   tokenList,
		text:    fromJSON(tokenList),
		show: func(list []AccessToken) string {
			if len(list) == 0 {
				return none
			}
			return count(len(list), "token")
		},
	}
}

func tokenList(raw any) ([]AccessToken, error) {
	entries, ok := raw.([]any)
	if !ok {
		return nil, errNotAllowed
	}
	list := make([]AccessToken, 0, len(entries))
	for i, entry := range entries {
		where := position("access token", "access_tokens", i)
		t, err := oneToken(where, entry)
		if err != nil {
			return nil, err
		}
		for j, other := range list {
			if other.Name == t.Name || other.Token.Equal(t.Token) {
				return nil, fmt.Errorf("%s has the same \"name\" or \"token\" as %s, and both have to differ",
					where, position("access token", "access_tokens", j))
			}
		}
		list = append(list, t)
	}
	return list, nil
}

func oneToken(where string, raw any) (AccessToken, error) {
	o, err := newObject(where, raw, "name", "token", "rate_limit", "tokens_per_day", "models", "expires")
	if err != nil {
		return AccessToken{}, err
	}
	name, nameErr := o.label("name")
	if nameErr == nil && name == "" {
		nameErr = o.errorf(`lacks "name"`)
	}
	value, valueErr := o.text("token")
	if valueErr == nil && !visibleASCII(value) {
		valueErr = o.errorf(`needs %s as "token"`, tokenAllowed)
	}
	limit, limitErr := o.whole("rate_limit", 0, mostRequests)
	perDay, perDayErr := o.whole("tokens_per_day", 1, mostTokens)
	models, modelsErr := o.texts("models")
	if modelsErr == nil && models != nil && len(models) == 0 {
		modelsErr = o.errorf(`has an empty list as "models", and would allow none; leave it out to allow all`)
	}
	expires, expiresErr := o.moment("expires")
	if err := first(nameErr, valueErr, limitErr, perDayErr, modelsErr, expiresErr); err != nil {
		return AccessToken{}, err
	}
	t := AccessToken{Name: name, Token: domain.NewSecret(value), Models: models, Expires: expires}
	if o.has("tokens_per_day") {
		t.TokensPerDay = perDay
	}
	if o.has("rate_limit") {
		t.RateLimit = &limit
	}
	return t, nil
}

// moment returns a field that has to be a time, the zero time when it is not given.
func (o object) moment(name string) (time.Time, error) {
	switch v := o.fields[name].(type) {
	case nil:
		return time.Time{}, nil
	case time.Time: // YAML has times of its own
		return v.UTC(), nil
	case string:
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, o.errorf(`needs a day such as "2030-01-31", or a time such as "2030-01-31T12:00:00Z", as %q`, name)
}
