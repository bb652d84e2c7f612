package suites

// projections: attributes and excludedAttributes (RFC 7644 §3.9).
func (s *session) projections() {}
