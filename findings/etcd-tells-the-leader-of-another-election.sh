#!/usr/bin/env bash
# etcd's client for Go tells the leader of /ids/eu for that of /ids, and a lock of /ids waits for one of /ids/eu, but not the other way round.
#
# Guess: a name of an Election or a Mutex is taken as a whole, so that /ids and /ids/eu have nothing to do with each other.
# What was seen: what stands in etcd below the name and a slash is the queue, whoever put it there. The oldest entry is the leader or the holder, so
#   that /ids has a leader who never campaigned for it, and a candidate who waits for somebody that is elsewhere. /ids/eu looks at its own part alone.
# Seen with etcd/client 3.6.5, Go 1.26, etcd 3.4.23 (Debian 12), 2026-12-01:
#   host-eu campaigns for /ids/eu: <nil>; the leader of /ids is host-eu; host-all campaigns for /ids: context deadline exceeded
#   /ids/eu locked: <nil>; then /ids: mutex: Locked by another session
#   /ids locked: <nil>; then /ids/eu: <nil>
# Why it matters here: with paths for names, as etcd's are by custom, the one that is to hand out IDs for all believes that another does it.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
trap 'chmod -R u+w "$work"; finish' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
unpack etcd-server
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get go.etcd.io/etcd/client/v3@v3.6.5 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := must(clientv3.New(clientv3.Config{Endpoints: []string{"127.0.0.1:" + os.Args[1]}, DialTimeout: 20 * time.Second}))
	one, two := must(concurrency.NewSession(client)), must(concurrency.NewSession(client))
	part, whole := concurrency.NewElection(one, "/ids/eu"), concurrency.NewElection(two, "/ids")
	fmt.Printf("host-eu campaigns for /ids/eu: %v; ", part.Campaign(ctx, "host-eu"))
	fmt.Printf("the leader of /ids is %s; ", must(whole.Leader(ctx)).Kvs[0].Value)
	short, end := context.WithTimeout(ctx, 3*time.Second)
	defer end()
	fmt.Printf("host-all campaigns for /ids: %v\n", whole.Campaign(short, "host-all"))
	inner, outer := concurrency.NewMutex(one, "/locks/ids/eu"), concurrency.NewMutex(two, "/locks/ids")
	fmt.Printf("/ids/eu locked: %v; then /ids: %v\n", inner.TryLock(ctx), outer.TryLock(ctx))
	inner.Unlock(ctx)
	fmt.Printf("/ids locked: %v; then /ids/eu: %v\n", outer.TryLock(ctx), inner.TryLock(ctx))
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 9000))
root/usr/bin/etcd --data-dir data --listen-client-urls http://127.0.0.1:$port --advertise-client-urls http://127.0.0.1:$port \
  --listen-peer-urls http://127.0.0.1:$((port + 1)) --initial-advertise-peer-urls http://127.0.0.1:$((port + 1)) \
  --initial-cluster default=http://127.0.0.1:$((port + 1)) >log 2>&1 &
running+=($!)
listening $port
./of-go $port >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
host-eu campaigns for /ids/eu: <nil>; the leader of /ids is host-eu; host-all campaigns for /ids: context deadline exceeded
/ids/eu locked: <nil>; then /ids: mutex: Locked by another session
/ids locked: <nil>; then /ids/eu: <nil>
SEEN
