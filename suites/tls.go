package suites

// transport: facts of the TLS connection (RFC 7644 §7.2).
func (s *session) transport() {}
