// Package domain holds what the product is about: accounts, upstream sessions,
// conversations, models, and how a request ends.
//
// It imports nothing but the standard library, knows no wire format, and has no
// clock of its own: whoever asks it about time passes the time in.
package domain
