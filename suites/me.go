package suites

// me: the /Me alias (RFC 7644 §3.11).
func (s *session) me() {}
