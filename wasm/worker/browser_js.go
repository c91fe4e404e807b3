package main

import (
	"errors"
	"fmt"
	"syscall/js"

	"blastlens/wasm/bundle"
)

// browser is the store of a tab: fetch, and a cache of its own for models.
type browser struct{}

const cacheName = "blastlens-model"

var errTooLong = errors.New("more bytes than were announced")

// get asks for url, or takes the answer that the engine's script has asked for
// already. Models are kept in the cache below; a second copy in the
// browser's own would only be in the way where the first was damaged.
func get(url string) (response js.Value, err error) {
	if response, err = taken(url); err != nil || !response.Truthy() {
		response, err = await(js.Global().Call("fetch", url, map[string]any{"cache": "no-store"}))
	}
	if err == nil && !response.Get("ok").Bool() {
		err = fmt.Errorf("the server answered %d", response.Get("status").Int())
	}
	return response, err
}

// taken is undefined where nothing was asked for; an answer serves once.
func taken(url string) (js.Value, error) {
	ahead := js.Global().Get("blastlensAhead")
	if !ahead.Truthy() {
		return js.Undefined(), nil
	}
	answer := ahead.Call("get", url)
	if !answer.Truthy() {
		return js.Undefined(), nil
	}
	ahead.Call("delete", url)
	return await(answer)
}

func (browser) Text(url string, limit int64) ([]byte, error) {
	response, err := get(url)
	if err != nil {
		return nil, err
	}
	buffer, err := await(response.Call("arrayBuffer"))
	if err != nil {
		return nil, err
	}
	view := js.Global().Get("Uint8Array").New(buffer)
	if int64(view.Length()) > limit {
		return nil, errTooLong
	}
	data := make([]byte, view.Length())
	js.CopyBytesToGo(data, view)
	return data, nil
}

// Fetch streams the body into an arrival.
func (browser) Fetch(url string, size int64, told func(int64)) (bundle.File, error) {
	response, err := get(url)
	if err != nil {
		return nil, err
	}
	a := newArrival(js.Global().Get("Uint8Array").New(size))
	go a.receive(response.Get("body").Call("getReader"), told)
	return a, nil
}

// Cached treats a cache that cannot be read as an empty one: there is a network.
func (browser) Cached(key string) bundle.File {
	array, err := cached(key)
	if err != nil {
		return nil
	}
	a := newArrival(array)
	a.come(a.Size(), nil, true)
	return a
}

// cached is what the cache has under key, a Uint8Array.
func cached(key string) (js.Value, error) {
	cache, err := openCache()
	if err != nil {
		return js.Undefined(), err
	}
	response, err := await(cache.Call("match", key))
	if err != nil {
		return js.Undefined(), err
	}
	if !response.Truthy() {
		return js.Undefined(), errors.New("it is gone")
	}
	buffer, err := await(response.Call("arrayBuffer"))
	if err != nil {
		return js.Undefined(), err
	}
	return js.Global().Get("Uint8Array").New(buffer), nil
}

// Keep puts the new file before it lets go of the old ones, so that a full disk
// leaves the old.
func (browser) Keep(key string, file bundle.File) error {
	cache, err := openCache()
	if err != nil {
		return err
	}
	array, err := file.(*arrival).bytes()
	if err != nil {
		return err
	}
	body, release := pieces(array)
	defer release()
	if _, err := await(cache.Call("put", key, js.Global().Get("Response").New(body))); err != nil {
		return err
	}
	current := js.Global().Get("URL").New(key, js.Global().Get("location").Get("href")).Get("href").String()
	requests, err := await(cache.Call("keys"))
	if err != nil {
		return err
	}
	for i := range requests.Length() {
		request := requests.Index(i)
		if request.Get("url").String() != current {
			await(cache.Call("delete", request))
		}
	}
	return nil
}

// pieces is a stream of an array: a Response of the array itself would copy it.
func pieces(array js.Value) (stream js.Value, release func()) {
	const size = 256 << 10
	at, end := 0, array.Length()
	pull := js.FuncOf(func(_ js.Value, args []js.Value) any {
		next := min(at+size, end)
		args[0].Call("enqueue", array.Call("subarray", at, next))
		if at = next; at == end {
			args[0].Call("close")
		}
		return nil
	})
	return js.Global().Get("ReadableStream").New(map[string]any{"pull": pull}), pull.Release
}

// Release is part of store.
func (browser) Release(key string, file bundle.File) { file.(*arrival).putAway(key) }

func (browser) Drop(key string) {
	if cache, err := openCache(); err == nil {
		await(cache.Call("delete", key))
	}
}

func openCache() (js.Value, error) {
	caches := js.Global().Get("caches")
	if !caches.Truthy() {
		return js.Undefined(), errors.New("this browser offers no cache here")
	}
	return await(caches.Call("open", cacheName))
}

// await waits for a promise. It may not be called from a browser's callback.
func await(promise js.Value) (js.Value, error) {
	type settled struct {
		value js.Value
		err   error
	}
	done := make(chan settled, 1)
	resolve := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{value: args[0]}
		return nil
	})
	defer resolve.Release()
	reject := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{err: js.Error{Value: args[0]}}
		return nil
	})
	defer reject.Release()
	promise.Call("then", resolve, reject)
	s := <-done
	return s.value, s.err
}
