package dashboard

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ondemand-api-proxy/domain"
)

// writer writes requests one after the other into a file.
type writer interface {
	begin() error
	write(requestJSON) error
	end() error
}

// export serves GET /api/export: all requests that the filter chooses, as a file.
func (s *Server) export(w http.ResponseWriter, r *http.Request) error {
	if s.options.Access().Restricted {
		return errRestricted()
	}
	values, names, now := r.URL.Query(), s.namer(), time.Now()
	filter, err := s.filterOf(values, names, now)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(w, 64<<10)
	var file writer
	var kind string
	format := values.Get("format")
	switch format {
	case "csv":
		file, kind = &csvFile{out: csv.NewWriter(buffered), raw: buffered}, "text/csv; charset=utf-8"
	case "json":
		file, kind = &jsonFile{out: buffered}, "application/json"
	default:
		return domain.Invalid("format", "format has to be csv or json.")
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "requests-"+now.UTC().Format("20060102-150405")+"."+format))
	err = file.begin()
	for row, failed := range s.ledger.Each(r.Context(), filter) {
		if err == nil {
			err = failed
		}
		if err != nil {
			break
		}
		err = file.write(s.toRequest(&row.Entry, names))
	}
	if err == nil {
		err = file.end()
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		panic(http.ErrAbortHandler) // a part of a file must not pass for all of it
	}
	return nil
}

// jsonFile is a list of objects as GET /api/requests has them.
type jsonFile struct {
	out  *bufio.Writer
	some bool
}

func (f *jsonFile) begin() error { return f.out.WriteByte('[') }

func (f *jsonFile) write(r requestJSON) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	between := "\n"
	if f.some {
		between = ",\n"
	}
	f.some = true
	_, err = f.out.WriteString(between + string(text))
	return err
}

func (f *jsonFile) end() error {
	_, err := f.out.WriteString("\n]\n")
	return err
}

// csvFile is a table with a line for each request.
type csvFile struct {
	raw io.Writer
	out *csv.Writer
}

var csvHead = []string{
	"began", "request_id", "access_token", "model", "endpoint", "account", "account_name", "outcome", "status", "prompt_tokens", "completion_tokens",
	"usage", "first_ms", "duration_ms", "stream", "attempts", "continued", "cost_usd", "results",
}

// begin writes the head, and in front of it the mark by which Excel knows UTF-8.
func (f *csvFile) begin() error {
	if _, err := io.WriteString(f.raw, "\ufeff"); err != nil {
		return err
	}
	return f.out.Write(csvHead)
}

func (f *csvFile) write(r requestJSON) error {
	first := ""
	if r.First != 0 {
		first = strconv.FormatInt(time.Duration(r.First).Milliseconds(), 10)
	}
	results := make([]string, 0, len(r.Tries))
	for _, t := range r.Tries {
		results = append(results, t.Result)
	}
	return f.out.Write([]string{
		time.Time(r.Began).UTC().Format("2006-01-02T15:04:05.000Z"), cell(r.RequestID), cell(r.AccessToken), cell(r.Model), cell(r.Endpoint),
		cell(r.Account), cell(r.AccountName), r.Outcome, strconv.Itoa(r.Status), strconv.Itoa(r.Prompt), strconv.Itoa(r.Completion),
		r.Usage, first, strconv.FormatInt(r.Duration, 10), strconv.FormatBool(r.Stream), strconv.Itoa(r.Attempts), strconv.FormatBool(r.Continued),
		strconv.FormatFloat(r.Cost, 'f', -1, 64), strings.Join(results, " "),
	})
}

func (f *csvFile) end() error {
	f.out.Flush()
	return f.out.Error()
}

// cell is a text that no spreadsheet takes for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
