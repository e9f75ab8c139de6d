#!/usr/bin/env bash
# go-redis 8 takes no cluster of Redis 7 or later: it refuses each node of CLUSTER SLOTS that has a list of further names.
#
# Guess: a client of a cluster ignores elements of CLUSTER SLOTS that it does not know; the reply is documented as one that may grow.
# What was seen: every command fails with the same error, and none reaches a node. go-redis 9 takes the same cluster.
# Seen with go-redis 8.11.5 and 9.23.0, redis-server 7.0.15, 2026-11-30:
#   8: got 4 elements in cluster info address, expected 2 or 3
#   9: 1
# Why it matters here: the agent's Redis door answers CLUSTER SLOTS with three elements for its one node, as Redis 6 did.
set -uo pipefail
work=$(mktemp -d)
redis=
trap '[ -n "$redis" ] && kill "$redis"; rm -rf "$work"' EXIT
cd "$work" || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --cluster-enabled yes --dir "$work" >/dev/null &
redis=$!
until redis-cli -p "$port" cluster addslotsrange 0 16383 >/dev/null 2>&1; do sleep 0.1; done
until redis-cli -p "$port" cluster info | grep -q cluster_state:ok; do sleep 0.1; done
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	redis8 "github.com/go-redis/redis/v8"
	redis9 "github.com/redis/go-redis/v9"
)

func main() {
	all := []string{"127.0.0.1:" + os.Args[1]}
	ask := func(version int, value int64, err error) {
		if err != nil {
			fmt.Printf("%d: %v\n", version, err)
			return
		}
		fmt.Printf("%d: %d\n", version, value)
	}
	value, err := redis8.NewClusterClient(&redis8.ClusterOptions{Addrs: all}).Incr(context.Background(), "a").Result()
	ask(8, value, err)
	value, err = redis9.NewClusterClient(&redis9.ClusterOptions{Addrs: all}).Incr(context.Background(), "a").Result()
	ask(9, value, err)
}
GO
go mod init seen >/dev/null 2>&1
go get github.com/go-redis/redis/v8@v8.11.5 github.com/redis/go-redis/v9@v9.23.0 >/dev/null 2>&1 || exit 2
go run -mod=mod . "$port" | tee seen
[ "$(cat seen)" = "$(printf '8: got 4 elements in cluster info address, expected 2 or 3\n9: 1')" ]
