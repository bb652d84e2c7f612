package suites

// reading: GET of one resource (RFC 7644 §3.4.1) and media types (§3.8).
func (s *session) reading() {}
