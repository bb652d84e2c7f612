package suites

// cursors: cursor paging (RFC 9865).
func (s *session) cursors() {}
