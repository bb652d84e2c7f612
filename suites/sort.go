package suites

// sorting: sortBy and sortOrder (RFC 7644 §3.4.2.3).
func (s *session) sorting() {}
