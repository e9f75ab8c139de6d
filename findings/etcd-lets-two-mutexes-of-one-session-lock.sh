#!/usr/bin/env bash
# etcd's client for Go lets two Mutexes of one session lock the same name at once, and two Elections of one session win.
#
# Guess: a Mutex is held by the Mutex that locked it: another one in the same process waits, or TryLock tells that it is locked.
# What was seen: the key in etcd is the name and the session's lease, so that whoever has the session has the lock. The second Lock returns at once, and
#   its Unlock frees the name for others while the first goes on. A second Campaign of the session takes the first's place, and tells its own value
#   as the leader's. With a session each, the second is told that it is locked.
# Seen with etcd/client 3.6.5, Go 1.26, etcd 3.4.23 (Debian 12), 2026-12-01:
#   one session: the first locks: <nil>; the second locks: <nil>
#   another session: mutex: Locked by another session
#   the second unlocks: <nil>; another session: <nil>; does the first own the lock: false
#   one session: the first campaigns: <nil>; the second campaigns: <nil>; the leader is second
# Why it matters here: a session is made once in a process, as it costs a lease and its renewals, and two generators in it then claim one worker number.
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

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"127.0.0.1:" + os.Args[1]}, DialTimeout: 20 * time.Second})
	must(err)
	session, err := concurrency.NewSession(client)
	must(err)
	another, err := concurrency.NewSession(client)
	must(err)
	first, second, other := concurrency.NewMutex(session, "/7"), concurrency.NewMutex(session, "/7"), concurrency.NewMutex(another, "/7")
	fmt.Printf("one session: the first locks: %v; the second locks: %v\n", first.TryLock(ctx), second.TryLock(ctx))
	fmt.Printf("another session: %v\n", other.TryLock(ctx))
	fmt.Printf("the second unlocks: %v; another session: %v; ", second.Unlock(ctx), other.TryLock(ctx))
	owns, err := client.Txn(ctx).If(first.IsOwner()).Commit()
	must(err)
	fmt.Printf("does the first own the lock: %v\n", owns.Succeeded)
	one, two := concurrency.NewElection(session, "/leader"), concurrency.NewElection(session, "/leader")
	fmt.Printf("one session: the first campaigns: %v; the second campaigns: %v; ", one.Campaign(ctx, "first"), two.Campaign(ctx, "second"))
	leader, err := one.Leader(ctx)
	must(err)
	fmt.Printf("the leader is %s\n", leader.Kvs[0].Value)
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
one session: the first locks: <nil>; the second locks: <nil>
another session: mutex: Locked by another session
the second unlocks: <nil>; another session: <nil>; does the first own the lock: false
one session: the first campaigns: <nil>; the second campaigns: <nil>; the leader is second
SEEN
