package suites

// register declares every spec, in the order in which a reader wants the results. A lane holds the areas that share
// records or whose checks build upon one another.
func (s *session) register() {
	s.lane("discovery", (*session).discovery, (*session).schemas)
	s.lane("create", (*session).creation)
	s.lane("read", (*session).reading)
	s.lane("query", (*session).queries, (*session).paging, (*session).cursors, (*session).searches)
	s.lane("filter", (*session).filters, (*session).sorting)
	s.lane("projection", (*session).projections)
	s.lane("put", (*session).replacing)
	s.lane("patch", (*session).patching)
	s.lane("delete", (*session).deleting)
	s.lane("representations", (*session).representations, (*session).primaries, (*session).externalIDChanges, (*session).userNameKept, (*session).otherEndpoint)
	s.lane("groups", (*session).groups)
	s.lane("deprovision", (*session).deprovisioning)
	s.lane("bulk", (*session).bulk)
	s.lane("etag", (*session).versions)
	s.lane("me", (*session).me)
	s.lane("attributes", (*session).attributes)
	s.lane("hostile", (*session).hostilities)
	s.lane("concurrency", (*session).concurrency)
	s.lane("async", (*session).asynchronous)
	s.lane("errors", (*session).errors)
	s.lane("auth", (*session).authentication, (*session).transport)
	// How many resources there are decides how many pages these read, and whether one page reaches over all users.
	s.lane("root", (*session).rootWalks).first = true
	s.lane("claims", (*session).claims).last = true
	s.lane("afterwards", (*session).createAfterwards, (*session).errorsAfterwards).last = true
}
