package learn

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"blastlens/wasm/bundle"
	"blastlens/wasm/tensor"
)

// Loader makes batches ahead of the network, on all cores.
type Loader struct {
	// Open decodes a picture; it is called once for each, from several goroutines.
	Open func(picture int) (tensor.RGB8, error)
	// Change augments a picture of the training part; nil leaves it as it is.
	Change     func(p tensor.RGB8, epoch, picture int) tensor.RGB8
	Preprocess bundle.Preprocess
	Batch      int

	lock    sync.Mutex
	decoded map[int]tensor.RGB8 // cut to the network's size: 150 kB each at 224
}

// Batch is some pictures as the network's input.
type Batch struct {
	Pictures []int
	X        []float32 // [len(Pictures), Size, Size, 3]
	Err      error
}

// ahead is how many batches may be ready before they are asked for.
const ahead = 2

// Order is the pictures in the order of an epoch.
func Order(pictures []int, seed uint64, epoch int) []int {
	order := append([]int(nil), pictures...)
	rand.New(rand.NewPCG(seed, uint64(epoch)+0x0bde)).Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
	return order
}

// Batches cuts order into batches and sends them one after the other; the last
// may be smaller. Whoever stops receiving closes quit.
func (l *Loader) Batches(order []int, epoch int, augmented bool, quit <-chan struct{}) <-chan Batch {
	out := make(chan Batch, ahead)
	go func() {
		defer close(out)
		for at := 0; at < len(order); at += l.Batch {
			select {
			case out <- l.load(order[at:min(at+l.Batch, len(order))], epoch, augmented):
			case <-quit:
				return
			}
		}
	}()
	return out
}

func (l *Loader) load(pictures []int, epoch int, augmented bool) Batch {
	size := l.Preprocess.Size
	b := Batch{Pictures: pictures, X: make([]float32, len(pictures)*size*size*3)}
	errs := make([]error, len(pictures))
	var workers sync.WaitGroup
	next := make(chan int)
	for range min(runtime.GOMAXPROCS(0), len(pictures)) {
		workers.Go(func() {
			for k := range next {
				p, err := l.picture(pictures[k])
				if err != nil {
					errs[k] = err
					continue
				}
				if augmented && l.Change != nil {
					p = l.Change(p, epoch, pictures[k])
				}
				copy(b.X[k*size*size*3:], tensor.Input(p, size, l.Preprocess.Mean, l.Preprocess.Std))
			}
		})
	}
	for k := range pictures {
		next <- k
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			b.Err = err
			break
		}
	}
	return b
}

// picture is a decoded picture, cut to size, from memory if it was asked for before.
func (l *Loader) picture(i int) (tensor.RGB8, error) {
	l.lock.Lock()
	p, ok := l.decoded[i]
	l.lock.Unlock()
	if ok {
		return p, nil
	}
	p, err := l.Open(i)
	if err != nil {
		return p, err
	}
	p = tensor.CentreCrop(p, l.Preprocess.Size)
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.decoded == nil {
		l.decoded = map[int]tensor.RGB8{}
	}
	l.decoded[i] = p
	return p, nil
}

// receive takes the next batch and adds the time that this took to waited.
func receive(batches <-chan Batch, waited *time.Duration) (Batch, bool) {
	start := time.Now()
	b, ok := <-batches
	*waited += time.Since(start)
	return b, ok
}
