package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Starter returns a commented configuration file, in YAML, for somebody who begins: with this
// access token, room for accounts, and every other key as a comment with its default.
func Starter(token string) string {
	var text strings.Builder
	text.WriteString(`# The configuration of ondemand-proxy. Keep it to yourself: it holds your secrets.
# Start with:         ondemand-proxy --config config.yaml
# Check it with:      ondemand-proxy config --check config.yaml
# An environment variable overrides the key that names it.

`)
	for _, k := range Keys() {
		fmt.Fprintf(&text, "# %s (%s)\n", k.Doc, k.Env)
		switch k.Name {
		case "api_access_token":
			fmt.Fprintf(&text, "api_access_token: %s\n\n", strconv.Quote(token))
		case "accounts":
			// Without a value it counts as left out, and becomes a list when the examples are taken in.
			text.WriteString(`# Take the "#" before those lines away that you need.
accounts:
#  - name: main
#    email: you@example.org
#    password: your-password
#  - name: second
#    api_key: your-api-key

`)
		default:
			fmt.Fprintf(&text, "# %s: %s\n\n", k.Name, starterValue(k))
		}
	}
	return text.String()
}

// starterValue is a key's default as YAML has it, or what stands for it.
func starterValue(k Key) string {
	switch {
	case k.Default == none && strings.Contains(k.Allowed, "list"), k.Name == "access_tokens":
		return "[]"
	case k.Name == "models", k.Name == "model_prices":
		return "{}"
	case k.Default == none || k.Secret:
		return ""
	}
	return k.Default
}
