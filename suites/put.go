package suites

// replacing: PUT (RFC 7644 §3.5.1).
func (s *session) replacing() {}
