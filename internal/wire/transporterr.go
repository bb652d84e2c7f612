package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/textproto"
	"syscall"
)

// TransportError tells that there is no whole answer. Kind is canceled, timeout, dns, refused, tls, closed,
// garbled (what came is no HTTP) or other.
type TransportError struct {
	Kind, Hint string
	Err        error
}

// Error gives the cause and what to do.
func (e *TransportError) Error() string { return e.Err.Error() + " (" + e.Hint + ")" }

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Timeout tells whether the time ran out.
func (e *TransportError) Timeout() bool { return e.Kind == "timeout" }

// transportError sorts what the network says; nil stays nil.
func transportError(err error) error {
	if err == nil {
		return nil
	}
	var (
		own      *TransportError
		lookup   *net.DNSError
		network  net.Error
		verify   *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		alert    tls.AlertError
		notTLS   tls.RecordHeaderError
		garbled  textproto.ProtocolError
		describe = func(kind, hint string) error { return &TransportError{kind, hint, err} }
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.Canceled):
		return describe("canceled", "the run was interrupted")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return describe("timeout", "the target did not answer in time; raise the time-out if it is just slow")
	case errors.As(err, &lookup):
		return describe("dns", "check the host name of the base URL")
	case errors.Is(err, syscall.ECONNREFUSED):
		return describe("refused", "is the target running, and is the port right?")
	case errors.As(err, &verify), errors.As(err, &unknown):
		return describe("tls", "give the CA file of a private CA, or check the certificate's names and dates")
	case errors.As(err, &alert), errors.As(err, &notTLS):
		return describe("tls", "check that the port speaks TLS 1.2 or later, and whether it wants a client certificate")
	case errors.As(err, &garbled):
		return describe("garbled", "the answer breaks the grammar of HTTP; look at what the target writes into its headers")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return describe("closed", "the connection ended before the whole answer was there; look at the target's log")
	}
	return describe("other", "look at the target's log, and at what stands between")
}
