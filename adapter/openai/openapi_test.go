package openai

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/adapter/web/openapitest"
	"ondemand-api-proxy/domain"
)

func TestEveryErrorStandsInTheDocumentAndTheReverse(t *testing.T) {
	told := map[string]bool{}
	tell := func(err *domain.Error) {
		status, _, body := FromError(err)
		var envelope struct {
			Error struct {
				Type string
				Code *string
			}
		}
		if err := json.Unmarshal(body, &envelope); err != nil {
			t.Fatal(err)
		}
		code := "null"
		if envelope.Error.Code != nil {
			code = *envelope.Error.Code
		}
		told[fmt.Sprintf("%d %s %s", status, envelope.Error.Type, code)] = true
	}
	for kind := range domain.Kind(255) {
		if kind.String() != "unknown" {
			tell(domain.E(kind, "What is wrong.", nil))
		}
	}
	codes := codesOfTheirOwn(t)
	if len(codes) < 5 {
		t.Fatalf("only %d errors with a code of their own were found: %v", len(codes), codes)
	}
	for _, err := range codes {
		tell(err)
	}
	if diff := cmp.Diff(openapitest.Read(t).Errors(), slices.Sorted(maps.Keys(told))); diff != "" {
		t.Errorf("the table in docs/openapi.yaml (-) and the program (+) disagree:\n%s", diff)
	}
}

// codesOfTheirOwn finds the errors in the program's sources that carry another code than their
// kind's.
func codesOfTheirOwn(t *testing.T) []*domain.Error {
	t.Helper()
	kinds := map[string]domain.Kind{
		"InvalidRequest": domain.InvalidRequest, "Unauthenticated": domain.Unauthenticated, "NotAllowed": domain.NotAllowed,
	}
	var found []*domain.Error
	for _, file := range goFiles(t, "../../domain", "../../usecase", "../../adapter") {
		ast.Inspect(file, func(node ast.Node) bool {
			literal, is := node.(*ast.CompositeLit)
			if !is || name(literal.Type) != "Error" {
				return true
			}
			members := map[string]ast.Expr{}
			for _, element := range literal.Elts {
				if pair, is := element.(*ast.KeyValueExpr); is {
					members[name(pair.Key)] = pair.Value
				}
			}
			code, is := members["Code"].(*ast.BasicLit)
			if !is {
				return true
			}
			kind, known := kinds[name(members["Kind"])]
			if !known {
				t.Errorf("the error with the code %s is of a kind that this test does not know", code.Value)
			}
			text, _ := strconv.Unquote(code.Value)
			found = append(found, &domain.Error{Kind: kind, Code: text})
			return true
		})
	}
	return found
}

// name is the last part of an identifier.
func name(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.Ident:
		return of.Name
	case *ast.SelectorExpr:
		return of.Sel.Name
	}
	return ""
}

func goFiles(t *testing.T, folders ...string) []*ast.File {
	t.Helper()
	var files []*ast.File
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			files = append(files, file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}
