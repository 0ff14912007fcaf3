package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// list reads a list whose entries are text: a list in a file (or one entry as
// plain text), and a list separated by commas or a JSON list as text. what names
// one entry for messages.
func list[T any](allowed, what string, parse func(string) (T, bool), show func(T) string) codec[[]T] {
	read := func(entries []any) ([]T, error) {
		values := make([]T, 0, len(entries))
		for i, entry := range entries {
			text, ok := entry.(string)
			if !ok {
				return nil, fmt.Errorf("entry %d is not text, but has to be %s", i+1, what)
			}
			text = strings.TrimSpace(text)
			value, ok := parse(text)
			if !ok {
				return nil, fmt.Errorf("entry %d is %s, but has to be %s", i+1, shown(text), what)
			}
			values = append(values, value)
		}
		return values, nil
	}
	return codec[[]T]{
		allowed: allowed,
		value: func(raw any) ([]T, error) {
			switch v := raw.(type) {
			case []any:
				return read(v)
			case string:
				return read([]any{v})
			}
			return nil, errNotAllowed
		},
		text: func(text string) ([]T, error) {
			if strings.HasPrefix(strings.TrimSpace(text), "[") {
				raw, err := decodeJSON(text)
				if err != nil {
					return nil, err
				}
				entries, _ := raw.([]any)
				return read(entries)
			}
			var entries []any
			for entry := range strings.SplitSeq(text, ",") {
				if strings.TrimSpace(entry) != "" {
					entries = append(entries, entry)
				}
			}
			return read(entries)
		},
		show: func(values []T) string {
			if len(values) == 0 {
				return none
			}
			texts := make([]string, len(values))
			for i, value := range values {
				texts[i] = show(value)
			}
			return strings.Join(texts, ", ")
		},
	}
}

func corsOrigins() codec[[]string] {
	const one = `"*" or an origin such as https://chat.example.org`
	return list(`a list of origins such as https://chat.example.org, or "*"`, one, func(text string) (string, bool) {
		if text == "*" {
			return text, true
		}
		return pageOrigin(strings.TrimSuffix(text, "/"))
	}, showText)
}

func networks() codec[[]netip.Prefix] {
	const one = "an IP address or a network such as 10.0.0.0/8"
	return list("a list of IP addresses or networks such as 10.0.0.0/8", one, func(text string) (netip.Prefix, bool) {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			if prefix.Addr().Is4In6() { // requests have such addresses in their short form
				if prefix.Bits() < 96 {
					return netip.Prefix{}, false
				}
				prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
			}
			return prefix.Masked(), true
		}
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, false
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), true
	}, netip.Prefix.String)
}
