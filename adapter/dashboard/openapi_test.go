package dashboard

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/adapter/web/openapitest"
	"ondemand-api-proxy/domain"
)

func TestTheDocumentNamesEveryWordOfEverySetAndNoOther(t *testing.T) {
	doc := openapitest.Read(t)
	kinds, states := []string{""}, []string{""}
	for kind := range domain.Kind(255) {
		if kind.String() != "unknown" {
			kinds = append(kinds, kind.String())
		}
	}
	for state := range domain.AccountState(255) {
		if state.String() != "unknown" {
			states = append(states, state.String())
		}
	}
	words := map[string][]string{
		"Kind": kinds, "State": states,
		"Notice": {noticeDefaultToken, noticeNoAccounts, noticeMemoryOnly, noticeDemo, noticeConfigBroken, noticeNeedRestart},
	}
	for _, o := range outcomes {
		words["Outcome"] = append(words["Outcome"], string(o))
	}
	for _, r := range ranges {
		words["Range"] = append(words["Range"], r.name)
	}
	for schema, want := range words {
		slices.Sort(want)
		if diff := cmp.Diff(doc.Enum(schema), want); diff != "" {
			t.Errorf("%s in docs/openapi.yaml (-) and the program (+) disagree:\n%s", schema, diff)
		}
	}
}

func TestTheDocumentNamesEveryParameterThatIsReadAndNoOther(t *testing.T) {
	read := map[string]bool{"from": true, "to": true} // in a loop; see filterOf
	asks := regexp.MustCompile(`\.Get\("([a-z_]+)"\)`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, found := range asks.FindAllSubmatch(text, -1) {
			read[string(found[1])] = true
		}
	}
	delete(read, "password") // of the form

	doc, declared := openapitest.Read(t), map[string]bool{}
	for _, path := range doc.At("paths").Keys() {
		for i := range doc.At("paths", path, "get").List("parameters") {
			declared[doc.At("paths", path, "get", "parameters", string(rune('0'+i))).Text("name")] = true
		}
	}
	if diff := cmp.Diff(declared, read); diff != "" {
		t.Errorf("the parameters in docs/openapi.yaml (-) and in the program (+) disagree:\n%s", diff)
	}
}
