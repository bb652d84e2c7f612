package suites

// searches: POST to .search (RFC 7644 §3.4.3).
func (s *session) searches() {}
