package suites

// patching: PATCH (RFC 7644 §3.5.2).
func (s *session) patching() {}
