package ondemand

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// lastExpiry is the end of the year 9999, in Unix seconds: what lies beyond is no date.
const lastExpiry = 253402300799

// tokenExpiry reads the "exp" of a JWT, unverified: it only tells when to renew
// ahead of time. It is zero for a token that is something else or does not say.
func tokenExpiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Exp float64 `json:"exp"` // a NumericDate may have a fraction
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Exp <= 0 || claims.Exp > lastExpiry {
		return time.Time{}
	}
	return time.Unix(int64(claims.Exp), 0)
}
