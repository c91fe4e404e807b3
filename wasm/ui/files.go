package ui

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// file is one that the reader gave, with the name that its card shows: where it
// came in a folder, its path from there on.
type file struct {
	name string
	blob app.Value // a File
}

// listed are the files of a FileList, in its order, those of a folder by name.
func listed(files app.Value) []file {
	var all []file
	folder := false
	for i := range files.Length() {
		f := files.Index(i)
		name := f.Get("webkitRelativePath").String()
		if name == "" {
			name = f.Get("name").String()
		} else {
			folder = true
		}
		all = append(all, file{name, f})
	}
	if folder {
		return seen(all)
	}
	return all
}

// entries are what was dropped, folders too. They can be asked for only while the
// event is being handled.
func entries(transfer app.Value) []app.Value {
	items := transfer.Get("items")
	if !items.Truthy() {
		return nil
	}
	var all []app.Value
	for i := range items.Length() {
		if get := items.Index(i).Get("webkitGetAsEntry"); get.Truthy() {
			if e := items.Index(i).Call("webkitGetAsEntry"); e.Truthy() {
				all = append(all, e)
			}
		}
	}
	return all
}

// walk finds the files of entries, however deep they lie. It waits for the
// browser and may not be called from one of its events.
func walk(all []app.Value) ([]file, error) {
	var files []file
	for _, e := range all {
		if !e.Get("isDirectory").Bool() {
			blob, err := callBack(e, "file")
			if err != nil {
				return files, err
			}
			files = append(files, file{strings.TrimPrefix(e.Get("fullPath").String(), "/"), blob})
			continue
		}
		// A reader gives a part at a time, and nothing at the end.
		for reader := e.Call("createReader"); ; {
			part, err := callBack(reader, "readEntries")
			if err != nil {
				return files, err
			}
			if part.Length() == 0 {
				break
			}
			inside := make([]app.Value, part.Length())
			for i := range inside {
				inside[i] = part.Index(i)
			}
			deeper, err := walk(inside)
			files = append(files, deeper...)
			if err != nil {
				return files, err
			}
		}
	}
	return seen(files), nil
}

// callBack calls a method that takes one function for success and one for failure.
func callBack(of app.Value, method string) (app.Value, error) {
	type outcome struct {
		value app.Value
		err   error
	}
	settled := make(chan outcome, 1)
	kept := app.FuncOf(func(_ app.Value, args []app.Value) any {
		settled <- outcome{value: args[0]}
		return nil
	})
	defer kept.Release()
	broken := app.FuncOf(func(_ app.Value, args []app.Value) any {
		settled <- outcome{err: errors.New(args[0].Get("message").String())}
		return nil
	})
	defer broken.Release()
	of.Call(method, kept, broken)
	o := <-settled
	return o.value, o.err
}

// seen leaves out what systems hide in folders, and puts the others in the order
// of their names.
func seen(files []file) []file {
	files = slices.DeleteFunc(files, func(f file) bool {
		for part := range strings.SplitSeq(f.name, "/") {
			if strings.HasPrefix(part, ".") || part == "Thumbs.db" || part == "desktop.ini" {
				return true
			}
		}
		return false
	})
	slices.SortStableFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	return files
}
