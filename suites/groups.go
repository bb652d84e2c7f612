package suites

// groups: groups and their members (RFC 7643 §4.2).
func (s *session) groups() {}
