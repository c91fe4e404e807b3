package main

import (
	"errors"
	"fmt"
	"syscall/js"
)

// browser is the store of a tab: fetch, and a cache of its own for models.
type browser struct{}

const cacheName = "blastlens-model"

var errTooLong = errors.New("more bytes than were announced")

// Fetch streams the body, so that progress can be told.
func (browser) Fetch(url string, limit int64, told func(int64)) ([]byte, error) {
	// The model is kept in the cache below; a second copy in the browser's own
	// would only be in the way where the first was damaged.
	response, err := await(js.Global().Call("fetch", url, map[string]any{"cache": "no-store"}))
	if err != nil {
		return nil, err
	}
	if !response.Get("ok").Bool() {
		return nil, fmt.Errorf("the server answered %d", response.Get("status").Int())
	}
	reader := response.Get("body").Call("getReader")
	var data []byte
	for {
		chunk, err := await(reader.Call("read"))
		if err != nil {
			return nil, err
		}
		if chunk.Get("done").Bool() {
			return data, nil
		}
		value := chunk.Get("value")
		n := value.Length()
		if int64(len(data)+n) > limit {
			reader.Call("cancel")
			return nil, errTooLong
		}
		at := len(data)
		data = append(data, make([]byte, n)...)
		js.CopyBytesToGo(data[at:], value)
		told(int64(len(data)))
	}
}

// Cached treats a cache that cannot be read as an empty one: there is a network.
func (browser) Cached(key string) []byte {
	cache, err := openCache()
	if err != nil {
		return nil
	}
	response, err := await(cache.Call("match", key))
	if err != nil || !response.Truthy() {
		return nil
	}
	buffer, err := await(response.Call("arrayBuffer"))
	if err != nil {
		return nil
	}
	view := js.Global().Get("Uint8Array").New(buffer)
	data := make([]byte, view.Length())
	js.CopyBytesToGo(data, view)
	return data
}

// Keep puts the new file before it lets go of the old ones, so that a full disk
// leaves the old.
func (browser) Keep(key string, data []byte) error {
	cache, err := openCache()
	if err != nil {
		return err
	}
	view := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(view, data)
	if _, err := await(cache.Call("put", key, js.Global().Get("Response").New(view))); err != nil {
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
