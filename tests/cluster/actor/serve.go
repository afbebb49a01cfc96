package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"kmcluster/internal/play"
)

func address(l play.Listen, lookup func(string) (string, bool)) string {
	if l.PortEnv != "" {
		if v, ok := lookup(l.PortEnv); ok && v != "" {
			return ":" + v
		}
	}
	return fmt.Sprintf(":%d", l.Port)
}

func serve(l play.Listen, lookup func(string) (string, bool)) error {
	time.Sleep(l.After.Duration())
	listener, err := net.Listen("tcp", address(l, lookup))
	if err != nil {
		return err
	}
	if l.TCP {
		return acceptAndClose(listener)
	}
	return http.Serve(listener, answers(l.Paths))
}

func acceptAndClose(listener net.Listener) error {
	for {
		c, err := listener.Accept()
		if err != nil {
			return err
		}
		_ = c.Close()
	}
}

// answers gives the status of each path; with no path named everything is well.
func answers(paths map[string]int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		if len(paths) > 0 {
			var known bool
			if status, known = paths[r.URL.Path]; !known {
				status = http.StatusNotFound
			}
		}
		w.WriteHeader(status)
		fmt.Fprintln(w, http.StatusText(status))
	})
}
