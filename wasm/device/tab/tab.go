package tab

// Name is the device's name in plans, messages and logs.
const Name = "tab"

// maxThreads bounds the pool: a picture's steps are cut into few enough items
// that more threads would mostly wait for each other.
const maxThreads = 8
