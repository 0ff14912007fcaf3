package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
)

func TestWhoShowsAValidTokenInEitherHeaderComesIn(t *testing.T) {
	s := newSurface(t, hello, nil)
	for _, test := range []struct {
		name, authorization, key string
		want                     int
	}{
		{"Bearer", "Bearer " + token, "", 200},
		{"Bearer in lower case", "bearer " + token, "", 200},
		{"Bearer in upper case, more spaces", "BEARER   " + token + " ", "", 200},
		{"x-api-key", "", token, 200},
		{"a right key beside another's Authorization", "Bearer hf_of_the_space", token, 200},
		{"a right key beside Basic", "Basic dXNlcjpwYXNz", token, 200},
		{"a right Bearer beside a wrong key", "Bearer " + token, "wrong", 200},
		{"a second token", "Bearer " + oneToken, "", 200},
		{"nothing", "", "", 401},
		{"a wrong Bearer", "Bearer wrong", "", 401},
		{"a wrong key", "", "wrong", 401},
		{"both wrong", "Bearer wrong", "wrong", 401},
		{"an empty Bearer", "Bearer ", "", 401},
		{"a token without its scheme", token, "", 401},
		{"a token as Basic", "Basic " + token, "", 401},
		{"the beginning of a token", "Bearer " + token[:len(token)-1], "", 401},
		{"more than a token", "Bearer " + token + "x", "", 401},
		{"another case", "Bearer " + strings.ToUpper(token), "", 401},
		{"an expired token", "Bearer " + oldToken, "", 401},
		{"a Bearer within x-api-key", "", "Bearer " + token, 401},
	} {
		for _, route := range []struct{ method, path, body string }{
			{"GET", "/v1/models", ""}, {"GET", "/models/gpt-4o", ""}, {"POST", "/v1/chat/completions", plainBody},
		} {
			answer := s.ask(route.method, route.path, route.body, "Authorization", test.authorization, "X-Api-Key", test.key)
			if answer.Code != test.want {
				t.Errorf("%s: %s %s got %d, want %d", test.name, route.method, route.path, answer.Code, test.want)
			}
			if test.want == http.StatusUnauthorized {
				message := s.wants(test.name, answer, failure{401, "authentication_error", "invalid_api_key", ""})
				if strings.Contains(message, "canary") || strings.Contains(message, "wrong") {
					t.Errorf("%s: the message %q repeats what was shown", test.name, message)
				}
			}
		}
	}
}

func TestAQueryParameterIsNoToken(t *testing.T) {
	s := newSurface(t, hello, nil)
	answer := s.ask("GET", "/v1/models?api_key="+token+"&access_token="+token, "", "Authorization", "")
	s.wants("a token in the URL", answer, failure{401, "authentication_error", "invalid_api_key", ""})
}

func TestATokenExpiresAtItsMoment(t *testing.T) {
	moment := time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC)
	gate := NewGate([]AccessToken{{Token: domain.NewSecret(token), Expires: moment}})
	header := http.Header{"X-Api-Key": {token}}
	if gate.admit(header, moment.Add(-time.Nanosecond)) == nil {
		t.Error("refused before it expired")
	}
	if gate.admit(header, moment) != nil {
		t.Error("admitted at the moment it expired")
	}
}

func TestATokenForSomeModelsMayUseNoOther(t *testing.T) {
	s := newSurface(t, hello, nil)
	body := func(model string) string { return strings.Replace(plainBody, "gpt-4o", model, 1) }
	as := []string{"Authorization", "Bearer " + oneToken}
	if answer := s.ask("POST", "/v1/chat/completions", body("gpt-4o"), as...); answer.Code != http.StatusOK {
		t.Errorf("an allowed model got %d %s, want 200", answer.Code, answer.Body)
	}
	for _, model := range []string{"deepseek-r1", "GPT-4o", "predefined-openai-gpt4o", ""} {
		answer := s.ask("POST", "/v1/chat/completions", body(model), as...)
		s.wants("model "+model, answer, failure{403, "permission_error", "permission_denied", ""})
	}
}

func TestATokensIDIsStableAndTellsNothingOfTheToken(t *testing.T) {
	id := func(value string) domain.TokenID {
		gate := NewGate([]AccessToken{{Token: domain.NewSecret("another")}, {Token: domain.NewSecret(value)}})
		return gate.admit(http.Header{"X-Api-Key": {value}}, time.Now()).id
	}
	first, again, other := id(token), id(token), id(oneToken)
	if first != again || first == other {
		t.Errorf("ids %q, %q and %q: want the same for the same token only", first, again, other)
	}
	if got := first; len(got) != 12 || strings.Contains(string(got), "canary") {
		t.Errorf("id %q, want twelve hexadecimal digits", got)
	}
}

func TestATokenIsShownTheModelsThatItMayUse(t *testing.T) {
	const model, limited, other = "meta-llama/Llama-3.3", "sk-limited", "sk-other"
	s := newSurface(t, hello, nil, AccessToken{Token: domain.NewSecret(token)},
		AccessToken{Token: domain.NewSecret(limited), Models: []string{model}}, AccessToken{Token: domain.NewSecret(other), Models: []string{"gpt-4o"}})
	for secret, sees := range map[string]bool{token: true, limited: true, other: false} {
		as := []string{"Authorization", "Bearer " + secret}
		if answer := s.ask("GET", "/v1/models", "", as...); answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), model) != sees {
			t.Errorf("%s: the list is %d %s", secret, answer.Code, answer.Body)
		}
		answer := s.ask("GET", "/v1/models/"+model, "", as...)
		if sees && answer.Code != http.StatusOK {
			t.Errorf("%s: the model is %d %s", secret, answer.Code, answer.Body)
		} else if !sees {
			s.wants("the model with "+secret, answer, failure{404, "invalid_request_error", "model_not_found", ""})
		}
	}
	s.ask("POST", "/v1/chat/completions", strings.ReplaceAll(plainBody, "gpt-4o", model), "Authorization", "Bearer "+other)
	s.ask("POST", "/v1/chat/completions", strings.ReplaceAll(plainBody, "gpt-4o", "anything"), "Authorization", "Bearer "+other)
	if got := s.books.records; len(got) != 2 || got[0].Model != model || got[1].Model != domain.OtherModel {
		t.Errorf("on record are %+v", got)
	}
}
