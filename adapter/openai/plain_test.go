package openai

import (
	"reflect"
	"strings"
	"testing"
)

// FuzzPlainMessages holds FromChatRequest against the careful reader alone.
func FuzzPlainMessages(f *testing.F) {
	for _, body := range []string{
		`{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true}`,
		` { "messages" : [ { "content" : "a\\nb" , "role" : "assistant" } , {"role":"system","content":""} ] , "n" : 2 } `,
		`{"messages":[{"role":"user","content":"\\ud83d \xff é"}]}`, `{"messages":[]}`, `{"messages":[1]}`, `{"messages":null}`, `{"messages":[{}]}`,
		`{"messages":[{"role":"user","role":"user","content":"Hi"}]}`, `{"messages":[{"role":"user","content":"a","content":"b"}]}`,
		`{"messages":[{"role":"user","content":"Hi"}],"messages":[{"role":"user","content":"Ho"}]}`,
		`{"messages":[{"role":"user","content":"Hi"}],"mess\\u0061ges":[{"role":"user","content":"Ho"}]}`,
		`{"messages":[{"role":"tool","content":"Hi"}]}`, `{"messages":[{"role":"user","content":null}]}`, `{"messages":[{"role":"user","content":"Hi","name":"x"}]}`,
		`{"messages":[{"role":"user","content":"Hi"}]} x`, `{"messages":[{"role":"user","content":"Hi"}],"temperature":9}`, `{"messages":[{"role":"user","content":"Hi"}`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"developer","content":"Ho"}]}`, `[]`, `"messages"`, ``,
	} {
		f.Add([]byte(strings.ReplaceAll(body, `\\`, `\`)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, options, err := FromChatRequest(body)
		want, wantOptions, wantErr := new(tools).chatRequest(body, nil)
		if !reflect.DeepEqual(got, want) || options != wantOptions || !reflect.DeepEqual(err, wantErr) {
			t.Errorf("%q is read as\n%+v, %v, %v\ninstead of\n%+v, %v, %v", body, got, options, err, want, wantOptions, wantErr)
		}
	})
}

func TestMostMessagesArePlain(t *testing.T) {
	body := []byte(`{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi\n"}],"stream":true}`)
	messages, rest := new(tools).plainMessages(body)
	if want := `{"model":"m","messages":null,"stream":true}`; len(messages) != 2 || string(rest) != want {
		t.Errorf("%s has the messages %v and the rest %s, want %s", body, messages, rest, want)
	}
}
