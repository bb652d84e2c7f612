package suites

// deprovisioning: the end of an account: active=false, reactivation, deletion, re-creation.
func (s *session) deprovisioning() {}
