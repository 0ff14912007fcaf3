package ondemand

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// readSaid is what the frames of a body say, one line each, and how the reader was left. With likenesses it also
// returns how many frames were taken for what they are like.
func readSaid(body []byte, piece int, likenesses bool) (said []string, alike int) {
	r := frameReader{source: &chunkReader{rest: body, sizes: bytesOf(piece, len(body))}, buffer: make([]byte, 64)}
	var like likeness
	for r.failed == nil {
		for {
			if likenesses {
				if p, size := like.read(r.rest()); size > 0 {
					r.pass(size)
					said, alike = append(said, fmt.Sprintf("%d %q", p.kind, p.text)), alike+1
					continue
				}
			}
			next, ok := r.next()
			if !ok {
				break
			}
			p, err := scanPayload(next.data)
			if len(p.text) == 0 && p.kind != payloadAnswer && p.kind != payloadReasoning {
				said = append(said, fmt.Sprintf("%q, heartbeat %v", next.data, next.heartbeat))
				continue
			}
			if err != nil {
				panic(err) // a delta is none then
			}
			like.learn(next, p)
			said = append(said, fmt.Sprintf("%d %q", p.kind, p.text))
		}
		_ = r.fill()
	}
	return append(said, fmt.Sprintf("%q, done %v, data %v, heartbeat %v, CR %v",
		r.buffer[r.line:r.filled], r.endsDone(), r.hasData, r.heartbeat, r.crSeen)), alike
}

func bytesOf(piece, total int) []int {
	sizes := make([]int, total/piece+1)
	for i := range sizes {
		sizes[i] = piece
	}
	return sizes
}

// sameSaid holds a reader that knows likenesses against one that does not.
func sameSaid(body []byte, piece int) (alike int, err error) {
	want, _ := readSaid(bytes.Clone(body), piece, false)
	got, alike := readSaid(bytes.Clone(body), piece, true)
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		return alike, fmt.Errorf("%q in pieces of %d says\n%s\ninstead of\n%s", body, piece, a, b)
	}
	return alike, nil
}

func FuzzLikeness(f *testing.F) {
	for _, table := range []map[string]streamCase{shapeCases(), meaningCases(), endCases()} {
		for _, test := range table {
			f.Add([]byte(test.body+test.body), uint8(7))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, piece uint8) {
		if _, err := sameSaid(body, 1+int(piece)); err != nil {
			t.Error(err)
		}
	})
}

// TestWhatIsLikeTheLastFrameSaysTheSame draws frames that are often alike and now and then all but alike.
func TestWhatIsLikeTheLastFrameSaysTheSame(t *testing.T) {
	frames := rapid.SampledFrom([]string{
		`event:message%[3]sdata:{"sessionId": "s", "answer": "%[1]s", "status": "processing", "eventIndex":%[2]s, "eventType": "fulfillment"}%[3]s%[3]s`,
		`data: {"eventIndex":%[2]s,"eventType":"fulfillment_thinking","thinking":{"delta":"%[1]s","n":%[2]s}}%[3]s%[3]s`,
		`%[3]sdata: {"answer":"%[1]s","eventType":"fulfillment","answer":"%[1]s","eventIndex":%[2]s}%[3]s%[3]s`,
		`data: {"answer":"%[1]s",%[3]sdata: "eventType":"fulfillment","eventIndex":%[2]s}%[3]s%[3]s`,
		`event:heartbeat%[3]sdata:{"eventIndex":%[2]s,"answer":"%[1]s","eventType":"fulfillment"}%[3]s%[3]s`,
		`data:{"eventIndex":%[2]s,"answer":"%[1]s","eventType":"fulfillment"}%[3]s%[3]s%[3]s`,
		"event:heartbeat%[3]sdata:{}%[3]s%[3]s",
		"data:[%[3]s", // goes on with the next frame
	})
	texts := rapid.SampledFrom([]string{"", "a", " some more", `\"`, `\u00e9`, `\ud83d`, "é", `\x`, `a"`, "\x01", "\n", `","eventIndex":"`, strings.Repeat("long ", 900)})
	numbers := rapid.SampledFrom([]string{"1", "23", "-4", "5.5e1", "06", `"7"`, "null", "8 ", "9}", ""})
	alike := 0
	rapid.Check(t, func(t *rapid.T) {
		var body bytes.Buffer
		end := rapid.SampledFrom([]string{"\n", "\n", "\r\n", "\r"}).Draw(t, "line end")
		for range rapid.IntRange(1, 6).Draw(t, "kinds") {
			frame := frames.Draw(t, "frame")
			for range rapid.IntRange(1, 4).Draw(t, "repeats") {
				body.WriteString(strings.NewReplacer("%[1]s", texts.Draw(t, "text"), "%[2]s", numbers.Draw(t, "number"), "%[3]s", end).Replace(frame))
			}
		}
		n, err := sameSaid(body.Bytes(), rapid.IntRange(1, 900).Draw(t, "piece"))
		if err != nil {
			t.Fatal(err)
		}
		alike += n
	})
	if alike == 0 {
		t.Error("no frame was taken for one like the last")
	}
}
