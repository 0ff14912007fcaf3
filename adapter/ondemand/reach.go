package ondemand

import (
	"crypto/tls"
	"errors"
	"net/http"
)

// Causes that are kept apart for whoever explains a failure to a person. What the network itself
// reports (*net.OpError, *net.DNSError) is found in the cause as it is.
var (
	// ErrCertificate says that the platform's certificate could not be verified.
	ErrCertificate = errors.New("the certificate is not trusted")
	// ErrNoTLS says that whoever answered does not speak TLS.
	ErrNoTLS = errors.New("the answer is not TLS")
)

// StatusOf returns the HTTP status with which the platform answered, 0 when err is about something else.
func StatusOf(err error) int {
	var said *saidError
	if errors.As(err, &said) {
		return said.status
	}
	return 0
}

// handshakeCause is what stands for an error of the handshake, which may quote the peer; nil:
// err is none.
func handshakeCause(err error) error {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &certificate):
		return ErrCertificate
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return ErrNoTLS
	}
	return nil
}
