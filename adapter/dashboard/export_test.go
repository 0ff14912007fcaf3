package dashboard

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

func exported(w *world, format string) (http.Header, string) {
	w.t.Helper()
	answer := w.ask("GET", "/api/export"+query("format", format, "range", "24h", "model", "gpt-4o"), "", "Authorization", "Bearer "+password)
	if answer.Code != http.StatusOK {
		w.t.Fatalf("the export answered %d %q", answer.Code, answer.Body)
	}
	if f := w.books.filter; f.Model != "gpt-4o" || f.From.IsZero() {
		w.t.Errorf("exported is what %+v chooses", f)
	}
	return answer.Header(), answer.Body.String()
}

func TestTheExportAsCSV(t *testing.T) {
	w := newWorld(t, nil)
	w.crew.statuses[0].Account = account(t, "=HYPERLINK(\"evil\")", "alice@example.org")
	w.books.rows = []usage.Row{
		row(1, 0, func(r *usage.Row) {
			r.Began = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
			r.Account, r.Attempts = w.crew.statuses[0].Account.ID(), 2
			r.Tries = []domain.Try{{Result: "upstream_fault"}, {Result: "ok"}}
		}),
		row(2, 0, func(r *usage.Row) { r.FirstDelta, r.Model = 0, "a,\"b\"\nc" }),
	}
	header, text := exported(w, "csv")
	if header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(header.Get("Content-Disposition"), `attachment; filename="requests-`) {
		t.Errorf("the headers are %v", header)
	}
	table, found := strings.CutPrefix(text, "\ufeff")
	lines, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || !found || len(lines) != 3 || !slices.Equal(lines[0], csvHead) {
		t.Fatalf("the table cannot be read: %v\n%s", err, text)
	}
	want := []string{
		"2026-01-31T12:00:00.000Z", "req_b", "team", "gpt-4o", "predefined-openai-gpt4o", string(w.crew.statuses[0].Account.ID()), "'=HYPERLINK(\"evil\")",
		"completed", "200", "10", "20", "measured", "340", "2100", "true", "2", "false", "0.00125", "upstream_fault ok",
	}
	if !slices.Equal(lines[1], want) {
		t.Errorf("the first line is\n%q, want\n%q", lines[1], want)
	}
	if lines[2][3] != "a,\"b\"\nc" || lines[2][12] != "" {
		t.Errorf("the second line is %q", lines[2])
	}
}

func TestTheExportAsJSONIsWhatTheRequestsAre(t *testing.T) {
	w := newWorld(t, nil)
	for i := range int64(3) {
		w.books.rows = append(w.books.rows, row(i, 0, nil))
	}
	_, text := exported(w, "json")
	listed := get[struct{ Requests json.RawMessage }](w, "/api/requests")
	var got, want []object
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := json.Unmarshal(listed.Requests, &want); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || !slices.EqualFunc(got, want, func(a, b object) bool { return a["request_id"] == b["request_id"] && len(a) == len(b) }) {
		t.Errorf("exported is %v, listed %v", got, want)
	}
}

func TestAnEmptyExportIsWhole(t *testing.T) {
	w := newWorld(t, nil)
	if _, text := exported(w, "json"); !json.Valid([]byte(text)) {
		t.Errorf("nothing is exported as %q", text)
	}
	if _, text := exported(w, "csv"); strings.Count(text, "\n") != 1 {
		t.Errorf("nothing is exported as %q", text)
	}
}

func TestAnExportThatBreaksOffDoesNotPassForWhole(t *testing.T) {
	w := newWorld(t, nil)
	w.books.rows = []usage.Row{row(1, 0, nil), row(2, 0, nil)}
	w.books.fails, w.books.after = errDisk, 1
	for _, format := range []string{"csv", "json"} {
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
					t.Errorf("%s: the connection is not cut: %v", format, err)
				}
			}()
			exported(w, format)
		}()
	}
}
