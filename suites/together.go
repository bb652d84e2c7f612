package suites

import (
	"fmt"
	"sync"

	"github.com/scimproof/scimproof/internal/wire"
	"github.com/scimproof/scimproof/reports"
)

// together sends requests at once and returns their exchanges in the order of the requests, whatever the order of the
// answers. Each goes through a view of the client of its own, which gives the exchange the same id in every run.
func (s *session) together(requests ...wire.Request) []*reports.Exchange {
	s.names++ // no two volleys of a lane have equal ids
	prefix := ""
	if s.at != nil {
		prefix = s.at.name + "-"
	}
	seen := make([][]*reports.Exchange, len(requests))
	out := make([]*reports.Exchange, len(requests))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, r := range requests {
		view := s.client.View(fmt.Sprintf("%s%d.%d.", prefix, s.names, i+1), func(x *reports.Exchange) { seen[i] = append(seen[i], x) })
		wg.Go(func() {
			<-start
			out[i] = s.follow(view, r)
		})
	}
	close(start)
	wg.Wait()
	for _, list := range seen {
		for _, x := range list {
			s.record(x)
		}
	}
	return out
}
