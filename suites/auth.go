package suites

// authentication: credentials (RFC 7644 §2).
func (s *session) authentication() {}
