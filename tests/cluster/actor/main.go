// The actor is the one program in every made image. It plays what /play.json says.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"kmcluster/internal/play"
)

func main() {
	data, err := os.ReadFile("/play.json")
	if err != nil {
		fmt.Println("play.json:", err)
		os.Exit(70)
	}
	p, err := play.Parse(data)
	if err != nil {
		fmt.Println("play.json:", err)
		os.Exit(70)
	}
	go endOnTerm(p.IgnoreTerm)
	a := actor{play: p, out: os.Stdout, lookup: os.LookupEnv}
	os.Exit(a.run())
}

// endOnTerm makes the program leave politely: as process 1 it would not get the signals otherwise.
func endOnTerm(ignore bool) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	for range signals {
		if !ignore {
			os.Exit(0)
		}
	}
}
