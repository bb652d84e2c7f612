package suites

// errors: error answers (RFC 7644 §3.12).
func (s *session) errors() {}
