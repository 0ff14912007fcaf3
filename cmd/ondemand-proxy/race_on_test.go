//go:build race

package main_test

// raceDetector tells whether the tests run under the race detector; the program is
// then built with it too.
const raceDetector = true
