// Command blastlens-server hosts the page. It knows nothing of medicine: it
// serves files that were built and compressed before, with the headers that a
// page needs which shares memory between threads and lets nothing leave.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"blastlens/web"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`host:port` to listen on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr); err != nil {
		fmt.Fprintln(os.Stderr, "blastlens-server:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done, then lets running answers finish.
func run(ctx context.Context, addr string) error {
	host, err := NewHost(web.Dist())
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--addr %s is in use by another program; choose another, e.g. --addr 127.0.0.1:8090", addr)
	} else if err != nil {
		return fmt.Errorf("--addr %s: %w", addr, err)
	}
	log.Printf("Blastlens %s on http://%s", host.Version(), listener.Addr())
	return serve(ctx, listener, host)
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      15 * time.Minute, // 12 MB over a line of 128 kbit/s
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	log.Print("stopping")
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("stopping: %w", errors.Join(err, server.Close()))
	}
	return nil
}
