// Package ondemand speaks the wire protocol of on-demand.io for both kinds of
// account: sign-in and refresh, sessions, queries whose answers stream, and the
// model catalogue. It translates and keeps nothing: no token, no session, no state
// of an account lives here.
//
// Every error it returns is a domain error of an upstream kind. Its message is a
// sentence of our own; its cause may hold the status and what the platform said,
// bounded and with everything of the account's credentials struck out.
//
// The protocol has no published contract. Section numbers in comments refer to the
// project's notes of what the platform was seen to do: 2 accounts, 3 sessions,
// 4 queries and their streams, 5 errors, 6 the catalogue.
package ondemand
