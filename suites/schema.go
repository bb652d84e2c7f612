package suites

// schemas: published schemas, and resources against them (RFC 7643 §2, §7, §8).
func (s *session) schemas() {}
