#!/usr/bin/env bash
# Go's net/http sends one GET eleven times, over ten idle connections, and a POST too if it has an Idempotency-Key.
#
# Guess: the Transport sends an idempotent request once more when its kept connection turns out to be dead.
# What was seen: once more for each idle connection, since each is a kept one, and then on a new one. What counts is that a request
#   of the caller's was read by the server each time. http.Client has no setting that limits it.
# Seen with Go 1.26.8, 2026-11-30:
#   GET, 1 idle: sent 2 times
#   GET, 10 idle: sent 11 times
#   POST, 10 idle: sent 1 times
#   POST with Idempotency-Key, 10 idle: sent 11 times
# Why it matters here: a sidecar that goes away after it has counted costs a caller one ID for each connection that its pool holds.
#   Who names a key to have a POST done once gets it sent more often, unless the server knows that header.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs Go" >&2; exit 2; }
cd "$work" || exit 2
cat >main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

var sent atomic.Int64
var warm *sync.WaitGroup

// Answers a connection's first request, once as many connections as wanted have one; then takes the second, and hangs up.
func serve(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		if request.URL.Path != "/warm" {
			sent.Add(1)
			return
		}
		warm.Done()
		warm.Wait()
		io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(connection)
		}
	}()
	at := "http://" + listener.Addr().String()
	for _, one := range []struct {
		method, key string
		idle        int
	}{{"GET", "", 1}, {"GET", "", 10}, {"POST", "", 10}, {"POST", "order-7", 10}} {
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
		warm = &sync.WaitGroup{}
		warm.Add(one.idle)
		var asked sync.WaitGroup
		for range one.idle {
			asked.Go(func() {
				answer, err := client.Get(at + "/warm")
				if err != nil {
					panic(err)
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			})
		}
		asked.Wait()
		sent.Store(0)
		request, _ := http.NewRequest(one.method, at+"/id", nil)
		name := one.method
		if one.key != "" {
			request.Header.Set("Idempotency-Key", one.key)
			name += " with Idempotency-Key"
		}
		client.Do(request)
		fmt.Printf("%s, %d idle: sent %d times\n", name, one.idle, sent.Load())
	}
}
GO
go mod init seen >/dev/null 2>&1
go version
go build -o try . || exit 2
./try | tee seen
[ "$(cat seen)" = "$(printf '%s\n' 'GET, 1 idle: sent 2 times' 'GET, 10 idle: sent 11 times' 'POST, 10 idle: sent 1 times' \
  'POST with Idempotency-Key, 10 idle: sent 11 times')" ] || { echo "behaves otherwise now" >&2; exit 1; }
