package sqlite

import (
	"encoding/binary"
	"errors"

	"ondemand-api-proxy/usecase/usage"
)

var errHistogram = errors.New("a stored histogram cannot be read")

// histogramBlob is a histogram as the store keeps it: its counts as unsigned varints.
func histogramBlob(h usage.Histogram) []byte {
	blob := make([]byte, 0, len(h)+16)
	for _, count := range h {
		blob = binary.AppendUvarint(blob, uint64(count))
	}
	return blob
}

// addHistogramBlob adds what histogramBlob wrote.
func addHistogramBlob(h *usage.Histogram, blob []byte) error {
	for i := 0; len(blob) > 0; i++ {
		if blob[0] == 0 { // most buckets are empty
			blob = blob[1:]
			continue
		}
		count, size := binary.Uvarint(blob)
		if size <= 0 || int64(count) < 0 || !h.AddBucket(i, int64(count)) {
			return errHistogram
		}
		blob = blob[size:]
	}
	return nil
}

func addLatencyBlobs(l *usage.Latencies, first, duration []byte) error {
	if err := addHistogramBlob(&l.First, first); err != nil {
		return err
	}
	return addHistogramBlob(&l.Duration, duration)
}
