package suites

// bulk: POST to /Bulk (RFC 7644 §3.7).
func (s *session) bulk() {}
