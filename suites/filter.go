package suites

// filters: the filter language (RFC 7644 §3.4.2.2).
func (s *session) filters() {}
