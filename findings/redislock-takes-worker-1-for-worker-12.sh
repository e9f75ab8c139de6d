#!/usr/bin/env bash
# redislock gives the lock that token worker-12 holds to token worker-1, since it compares the beginning alone.
#
# Guess: a token of one's own (Options.Token) identifies the holder: the same token obtains its lock again, and all others get ErrNotObtained.
# What was seen: a value in Redis that begins with the token is taken for one's own. The lock changes hands at once, and the holder's
#   Refresh and Release fail later. It goes in one direction: worker-12 doesn't get the lock of worker-1, unless that has "2" as its metadata,
#   which is kept behind the token with nothing between. Refresh, Release and TTL compare all of it.
# Seen with redislock 0.9.4, go-redis 9.23.0, Go 1.26, redis-server 7.0.15 (Debian 12), 2026-12-01:
#   worker-12 holds: worker-1 obtained, worker-2 not obtained; then worker-12 refreshes: redislock: not obtained
#   worker-1 holds: worker-12 not obtained
#   worker-1 with metadata 2 holds: worker-12 obtained
# Why it matters here: with names of nodes as tokens, which have different lengths, two nodes hold one lock, and hand out the same IDs.
set -uo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill $server; chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v redis-server >/dev/null && command -v go >/dev/null || { echo "needs Debian's redis-server and go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/bsm/redislock@v0.9.4 github.com/redis/go-redis/v9@v9.23.0 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"
)

func main() {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + os.Args[1]})
	locker := redislock.New(client)
	obtain := func(token, metadata string) (*redislock.Lock, string) {
		lock, err := locker.Obtain(ctx, "lock", time.Minute, &redislock.Options{Token: token, Metadata: metadata})
		if err == redislock.ErrNotObtained {
			return nil, "not obtained"
		} else if err != nil {
			panic(err)
		}
		return lock, "obtained"
	}
	first, _ := obtain("worker-12", "")
	_, second := obtain("worker-2", "")
	_, one := obtain("worker-1", "")
	fmt.Printf("worker-12 holds: worker-1 %s, worker-2 %s; then worker-12 refreshes: %v\n", one, second, first.Refresh(ctx, time.Minute, nil))
	client.Del(ctx, "lock")
	obtain("worker-1", "")
	_, twelve := obtain("worker-12", "")
	fmt.Printf("worker-1 holds: worker-12 %s\n", twelve)
	client.Del(ctx, "lock")
	obtain("worker-1", "2")
	_, twelve = obtain("worker-12", "")
	fmt.Printf("worker-1 with metadata 2 holds: worker-12 %s\n", twelve)
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
./of-go $port >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
worker-12 holds: worker-1 obtained, worker-2 not obtained; then worker-12 refreshes: redislock: not obtained
worker-1 holds: worker-12 not obtained
worker-1 with metadata 2 holds: worker-12 obtained
SEEN
