package suites

// versions: ETag, If-Match and If-None-Match (RFC 7644 §3.14).
func (s *session) versions() {}
