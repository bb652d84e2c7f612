package suites

// discovery: what the target says of itself (RFC 7644 §4, RFC 7643 §5 to §7).
func (s *session) discovery() {}
