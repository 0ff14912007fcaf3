//go:build !profile

package main

// profiled does nothing: see profile.go.
func profiled() (ended func()) { return func() {} }
