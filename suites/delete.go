package suites

// deleting: DELETE (RFC 7644 §3.6).
func (s *session) deleting() {}
