package loadgen

import (
	"container/heap"
	"time"
)

// queue is a first-in-first-out ring of jobs.
type queue struct {
	ring []*job
	head int
	n    int
}

func (q *queue) len() int { return q.n }

func (q *queue) push(j *job) {
	if q.n == len(q.ring) {
		ring := make([]*job, max(64, 2*q.n))
		for i := range q.n {
			ring[i] = q.ring[(q.head+i)%len(q.ring)]
		}
		q.ring, q.head = ring, 0
	}
	q.ring[(q.head+q.n)%len(q.ring)] = j
	q.n++
}

func (q *queue) pop() *job {
	j := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) % len(q.ring)
	q.n--
	return j
}

// shift moves all due times.
func (q *queue) shift(by time.Duration) {
	for i := range q.n {
		j := q.ring[(q.head+i)%len(q.ring)]
		j.due = j.due.Add(by)
	}
}

// later holds jobs that are not due yet, the earliest first.
type later []*job

func (l later) Len() int           { return len(l) }
func (l later) Less(i, j int) bool { return l[i].due.Before(l[j].due) }
func (l later) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

// Push is for container/heap.
func (l *later) Push(x any) { *l = append(*l, x.(*job)) }

// Pop is for container/heap.
func (l *later) Pop() any {
	old := *l
	j := old[len(old)-1]
	old[len(old)-1] = nil
	*l = old[:len(old)-1]
	return j
}

func (l *later) push(j *job) { heap.Push(l, j) }
func (l *later) pop() *job   { return heap.Pop(l).(*job) }

// first is when the earliest is due, zero if there is none.
func (l later) first() time.Time {
	if len(l) == 0 {
		return time.Time{}
	}
	return l[0].due
}
