package suites

// queries: lists of resources (RFC 7644 §3.4.2).
func (s *session) queries() {}
