#!/usr/bin/env bash
# go-redis makes a key that was to last 1.9 s last 1 s in Expire, ExpireAt and SetEx, and 1.9 s in Set, SetNX and GetEx.
#
# Guess: all take a time.Duration, so that all send milliseconds when there is a fraction of a second, as Set does.
# What was seen: Set, SetNX and GetEx send PX. Expire and SetEx drop the fraction, and say so in the log only for less than a second, which
#   they round up. ExpireAt drops that of the time, so that a key lasts up to 1 s less. PExpire and PExpireAt are exact.
# Seen with go-redis 9.23.0, Go 1.26, redis-server 7.0.15 (Debian 12), 2026-12-01, for 1900 ms; ExpireAt with x.9 s as the time:
#   Set: 1900 ms, SetNX: 1900 ms, GetEx: 1900 ms, PExpire: 1900 ms
#   Expire: 1000 ms, SetEx: 1000 ms; ExpireAt: 900 ms early; PExpireAt: 0 ms early
# Why it matters here: a lease taken by SetNX for 1.9 s and renewed each 1.2 s by Expire is lost between, and another gets its worker number.
set -uo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill $server; chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v redis-server >/dev/null && command -v go >/dev/null || { echo "needs Debian's redis-server and go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/redis/go-redis/v9@v9.23.0 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

func main() {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + os.Args[1]})
	lease := 1900 * time.Millisecond
	lasts := func(name string, fresh bool, run func()) string {
		least := time.Minute
		for try := 0; try < 5; try++ {
			client.Del(ctx, "lease")
			if !fresh {
				client.Set(ctx, "lease", 1, 0)
			}
			before := time.Now()
			run()
			ends, err := client.Do(ctx, "PEXPIRETIME", "lease").Int64()
			if err != nil {
				panic(err)
			}
			least = min(least, time.UnixMilli(ends).Sub(before))
		}
		return fmt.Sprintf("%s: %d ms", name, least.Round(100*time.Millisecond).Milliseconds())
	}
	early := func(name string, run func(time.Time)) string {
		at := time.Unix(time.Now().Unix()+60, 900_000_000)
		client.Set(ctx, "lease", 1, 0)
		run(at)
		ends, err := client.Do(ctx, "PEXPIRETIME", "lease").Int64()
		if err != nil {
			panic(err)
		}
		return fmt.Sprintf("%s: %d ms early", name, at.UnixMilli()-ends)
	}
	client.Ping(ctx)
	fmt.Println(strings.Join([]string{
		lasts("Set", true, func() { client.Set(ctx, "lease", 1, lease) }),
		lasts("SetNX", true, func() { client.SetNX(ctx, "lease", 1, lease) }),
		lasts("GetEx", false, func() { client.GetEx(ctx, "lease", lease) }),
		lasts("PExpire", false, func() { client.PExpire(ctx, "lease", lease) }),
	}, ", "))
	fmt.Println(strings.Join([]string{
		strings.Join([]string{
			lasts("Expire", false, func() { client.Expire(ctx, "lease", lease) }),
			lasts("SetEx", true, func() { client.SetEx(ctx, "lease", 1, lease) }),
		}, ", "),
		early("ExpireAt", func(at time.Time) { client.ExpireAt(ctx, "lease", at) }),
		early("PExpireAt", func(at time.Time) { client.PExpireAt(ctx, "lease", at) }),
	}, "; "))
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
Set: 1900 ms, SetNX: 1900 ms, GetEx: 1900 ms, PExpire: 1900 ms
Expire: 1000 ms, SetEx: 1000 ms; ExpireAt: 900 ms early; PExpireAt: 0 ms early
SEEN
