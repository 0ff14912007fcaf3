package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// number returns a file's number. Text is never one: a "60" in quotes is a
// mistake that somebody should hear of.
func number(raw any) (float64, bool) {
	switch n := raw.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	}
	return 0, false
}

// wholeIn returns a file's whole number when it lies between low and high.
func wholeIn(raw any, low, high int) (int, bool) {
	f, ok := number(raw)
	if !ok || f != math.Trunc(f) || f < float64(low) || f > float64(high) {
		return 0, false
	}
	return int(f), true
}

// whole reads whole numbers from low to high, both included.
func whole(low, high int) codec[int] {
	return codec[int]{
		allowed: fmt.Sprintf("a whole number from %d to %d", low, high),
		value: func(raw any) (int, error) {
			n, ok := wholeIn(raw, low, high)
			return n, unless(ok)
		},
		text: func(text string) (int, error) {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			return n, unless(err == nil && n >= low && n <= high)
		},
		show: strconv.Itoa,
	}
}

// duration reads decimal numbers of unit from low to high, both included.
func duration(unit time.Duration, low, high float64) codec[time.Duration] {
	return times(unit, fmt.Sprintf("a number of %ss from %g to %d", unitName(unit), low, int64(high)),
		func(n float64) bool { return n >= low && n <= high })
}

// positive reads decimal numbers of unit above zero, up to high.
func positive(unit time.Duration, high float64) codec[time.Duration] {
	return times(unit, fmt.Sprintf("a number of %ss above 0 and up to %d", unitName(unit), int64(high)),
		// What rounds to no time at all would be none.
		func(n float64) bool { return n*float64(unit) >= 1 && n <= high })
}

func times(unit time.Duration, allowed string, fits func(float64) bool) codec[time.Duration] {
	convert := func(n float64, ok bool) (time.Duration, error) {
		if !ok || !fits(n) {
			return 0, errNotAllowed
		}
		return time.Duration(math.Round(n * float64(unit))), nil
	}
	return codec[time.Duration]{
		allowed: allowed,
		value:   func(raw any) (time.Duration, error) { return convert(number(raw)) },
		text:    func(text string) (time.Duration, error) { return convert(decimal(text)) },
		show: func(d time.Duration) string {
			return strconv.FormatFloat(float64(d)/float64(unit), 'f', -1, 64)
		},
	}
}

func unitName(unit time.Duration) string {
	if unit == time.Minute {
		return "minute"
	}
	return "second"
}

// decimal reads plain decimal notation; ParseFloat alone would take hexadecimal,
// infinities and underscores too.
func decimal(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if strings.Trim(text, "+-.0123456789eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// boolean reads true and false, and as text what else people write for them.
func boolean() codec[bool] {
	return codec[bool]{
		allowed: "true or false",
		value: func(raw any) (bool, error) {
			b, ok := raw.(bool)
			return b, unless(ok)
		},
		text: func(text string) (bool, error) {
			switch strings.ToLower(strings.TrimSpace(text)) {
			case "true", "1", "yes", "on":
				return true, nil
			case "false", "0", "no", "off":
				return false, nil
			}
			return false, errNotAllowed
		},
		show: strconv.FormatBool,
	}
}

// logLevel reads the levels that this program logs at.
func logLevel() codec[zapcore.Level] {
	parse := func(text string) (zapcore.Level, error) {
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "debug":
			return zapcore.DebugLevel, nil
		case "info":
			return zapcore.InfoLevel, nil
		case "warn":
			return zapcore.WarnLevel, nil
		case "error":
			return zapcore.ErrorLevel, nil
		}
		return 0, errNotAllowed
	}
	return codec[zapcore.Level]{
		allowed: "debug, info, warn or error",
		value:   fromString(parse),
		text:    parse,
		show:    zapcore.Level.String,
	}
}

// fromString makes a reader of file values that have to be text.
func fromString[T any](parse func(string) (T, error)) func(any) (T, error) {
	return func(raw any) (T, error) {
		text, ok := raw.(string)
		if !ok {
			var none T
			return none, errNotAllowed
		}
		return parse(text)
	}
}

func unless(ok bool) error {
	if ok {
		return nil
	}
	return errNotAllowed
}
