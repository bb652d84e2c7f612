package suites

// register declares every spec, in the order in which a reader wants the results.
func (s *session) register() {
	s.creation()
}
