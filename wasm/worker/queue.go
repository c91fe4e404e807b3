package main

import "sync"

// message is what the page posted: a wire.Request, and beside it the bytes of
// a picture, fetched only when its turn comes.
type message struct {
	request string
	bytes   func() []byte // may be nil
	raw     any           // what bytes are of, as the browser holds them
	ahead   *reading      // where the picture is decoded already; may be nil
}

// queue holds messages in order and without a limit: it is filled from the
// browser's callbacks, which must never wait.
type queue struct {
	mu       sync.Mutex
	messages []message
	filled   chan struct{} // holds a token while messages may be there
}

func newQueue() *queue { return &queue{filled: make(chan struct{}, 1)} }

func (q *queue) push(m message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = append(q.messages, m)
	select {
	case q.filled <- struct{}{}:
	default:
	}
}

// each calls f with each message that waits, the oldest first.
func (q *queue) each(f func(*message)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.messages {
		f(&q.messages[i])
	}
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages) == 0
}

// pop waits for the oldest message.
func (q *queue) pop() message {
	for {
		q.mu.Lock()
		if len(q.messages) > 0 {
			m := q.messages[0]
			q.messages[0] = message{}
			q.messages = q.messages[1:]
			q.mu.Unlock()
			return m
		}
		q.mu.Unlock()
		<-q.filled
	}
}
