package suites

// paging: startIndex and count (RFC 7644 §3.4.2.4).
func (s *session) paging() {}
