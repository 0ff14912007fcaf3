//go:build race

package sqlite

// raceDetector tells whether the tests run under the race detector, where the engine is
// many times slower.
const raceDetector = true
