package suites

// register declares every spec, in the order in which a reader wants the results.
func (s *session) register() {
	s.discovery()
	s.schemas()
	s.creation()
	s.reading()
	s.queries()
	s.filters()
	s.sorting()
	s.paging()
	s.cursors()
	s.projections()
	s.searches()
	s.replacing()
	s.patching()
	s.deleting()
	s.groups()
	s.deprovisioning()
	s.bulk()
	s.versions()
	s.me()
	s.errors()
	s.authentication()
	s.attributes()
	s.transport()
}
