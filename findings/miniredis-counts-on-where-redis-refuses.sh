#!/usr/bin/env bash
# miniredis counts a hash field beyond 2^63 - 1 round to -2^63, and takes counters and leases that Redis refuses.
#
# Guess: miniredis refuses what Redis refuses of INCR, HINCRBY, DECRBY and of a lease's time: it is what Go's tests run instead of Redis.
# What was seen: INCR at the end is refused, HINCRBY at the same number goes on from the other end. A counter written as 007 or +7 is
#   counted on as 8. DECRBY takes the least number, and a lease may be one of 2^63 - 1 ms.
# Seen with miniredis 2.40.0, go-redis 9.23.0, redis-server 7.0.15 (Debian 12), 2026-12-01:
#   INCR at 2^63 - 1: miniredis refuses, Redis refuses
#   HINCRBY at 2^63 - 1: miniredis -9223372036854775808, Redis refuses
#   INCR at 007: miniredis 8, Redis refuses
#   INCR at +7: miniredis 8, Redis refuses
#   DECRBY -2^63: miniredis -9223372036854775808, Redis refuses
#   SET with PX 2^63 - 1: miniredis OK, Redis refuses
# Why it matters here: what a generator does at the end of its numbers, or with a counter that somebody wrote by hand, is tried on a
#   stand-in. On this one the tests are green with an ID that is negative, or with a counter that Redis will refuse.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
cd "$work" || exit 2
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func main() {
	background := context.Background()
	mini, err := miniredis.Run()
	if err != nil {
		os.Exit(2)
	}
	stores := []*redis.Client{
		redis.NewClient(&redis.Options{Addr: mini.Addr()}),
		redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + os.Args[1]}),
	}
	for _, store := range stores {
		if err := store.Ping(background).Err(); err != nil {
			os.Exit(2)
		}
		store.Set(background, "end", "9223372036854775807", 0)
		store.HSet(background, "hash", "end", "9223372036854775807")
		store.Set(background, "zeros", "007", 0)
		store.Set(background, "plus", "+7", 0)
	}
	for _, each := range []struct {
		name    string
		command []any
	}{
		{"INCR at 2^63 - 1", []any{"INCR", "end"}},
		{"HINCRBY at 2^63 - 1", []any{"HINCRBY", "hash", "end", 1}},
		{"INCR at 007", []any{"INCR", "zeros"}},
		{"INCR at +7", []any{"INCR", "plus"}},
		{"DECRBY -2^63", []any{"DECRBY", "new", "-9223372036854775808"}},
		{"SET with PX 2^63 - 1", []any{"SET", "lease", "me", "PX", "9223372036854775807"}},
	} {
		told := [2]any{"refuses", "refuses"}
		for i, store := range stores {
			if answer, err := store.Do(background, each.command...).Result(); err == nil {
				told[i] = answer
			}
		}
		fmt.Printf("%s: miniredis %v, Redis %v\n", each.name, told[0], told[1])
	}
}
GO
{ go mod init seen && go get github.com/alicebob/miniredis/v2@v2.40.0 github.com/redis/go-redis/v9@v9.23.0 && go build -o both .; } \
  >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
timeout 60 ./both $port 2>/dev/null | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
INCR at 2^63 - 1: miniredis refuses, Redis refuses
HINCRBY at 2^63 - 1: miniredis -9223372036854775808, Redis refuses
INCR at 007: miniredis 8, Redis refuses
INCR at +7: miniredis 8, Redis refuses
DECRBY -2^63: miniredis -9223372036854775808, Redis refuses
SET with PX 2^63 - 1: miniredis OK, Redis refuses
SEEN
