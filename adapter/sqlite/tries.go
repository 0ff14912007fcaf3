package sqlite

import (
	"strconv"
	"strings"
	"time"

	"ondemand-api-proxy/domain"
)

// triesText is a list of tries as the store keeps it, in one column since it is only ever
// read with its row: "choice account session result began took" of each, in milliseconds, joined by
// semicolons. Ids of accounts and results are words without either sign.
func triesText(tries []domain.Try) string {
	if len(tries) == 0 {
		return ""
	}
	text := make([]byte, 0, len(tries)*48)
	for i, try := range tries {
		if i > 0 {
			text = append(text, ';')
		}
		text = strconv.AppendInt(text, int64(try.Choice), 10)
		for _, word := range [...]string{string(try.Account), try.Session.String(), try.Result} {
			text = append(text, ' ')
			text = append(text, word...)
		}
		for _, d := range [...]time.Duration{try.Began, try.Took} {
			text = append(text, ' ')
			text = strconv.AppendInt(text, d.Milliseconds(), 10)
		}
	}
	return string(text)
}

// parseTries reads exactly what triesText writes. Of any other text there are no tries: a
// row whose tries cannot be read is still worth showing.
func parseTries(text string) []domain.Try {
	if text == "" {
		return nil
	}
	tries := make([]domain.Try, 0, strings.Count(text, ";")+1)
	for one := range strings.SplitSeq(text, ";") {
		try, read := parseTry(one)
		if !read {
			return nil
		}
		tries = append(tries, try)
	}
	if triesText(tries) != text { // numbers with signs or zeros in front, or too large
		return nil
	}
	return tries
}

func parseTry(text string) (try domain.Try, read bool) {
	words := strings.Split(text, " ")
	if len(words) != 6 {
		return domain.Try{}, false
	}
	choice, errChoice := strconv.ParseUint(words[0], 10, 31)
	session, known := parseSessionUse(words[2])
	began, errBegan := strconv.ParseUint(words[4], 10, 63)
	took, errTook := strconv.ParseUint(words[5], 10, 63)
	if errChoice != nil || !known || errBegan != nil || errTook != nil {
		return domain.Try{}, false
	}
	return domain.Try{
		Choice: int(choice), Account: domain.AccountID(words[1]), Session: session, Result: words[3],
		Began: time.Duration(began) * time.Millisecond, Took: time.Duration(took) * time.Millisecond,
	}, true
}

// parseSessionUse reads what String of a use says.
func parseSessionUse(word string) (domain.SessionUse, bool) {
	for use := domain.SessionNone; use <= domain.SessionReplayed; use++ {
		if use.String() == word {
			return use, true
		}
	}
	return 0, false
}
