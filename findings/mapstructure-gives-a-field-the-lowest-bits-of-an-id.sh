#!/usr/bin/env bash
# mapstructure puts an ID that doesn't fit its field into it all the same, as another ID and without an error.
#
# Guess: it refuses what doesn't fit, as encoding/json does, and as it does itself for a negative number in an unsigned field.
# What was seen: from numbers it takes the lowest bits. 2^64-1 becomes -1 in an int64, 2^32+5 becomes 5 in an int32 and an uint32, 3e9 turns negative,
#   and a half is cut. json.Number is checked, and encoding/json refuses all of them.
# Seen with go-viper/mapstructure 2.5.0, Go 1.26, 2026-12-01:
#   uint64 18446744073709551615 into int64: -1 <nil>
#   int64 4294967301 into int32: 5 <nil>
#   int64 4294967301 into uint32: 5 <nil>
#   int64 3000000000 into int32: -1294967296 <nil>
#   float64 7.5 into int64: 7 <nil>
#   int64 -1 into uint64: refused
#   json.Number 18446744073709551615 into int64: refused
#   encoding/json, 4294967301 into int32: refused
# Why it matters here: a worker number or a tenant read from a map, as viper and many clients do it, is somebody else's.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/go-viper/mapstructure/v2@v2.5.0 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/go-viper/mapstructure/v2"
)

func decode[T any](from any) {
	var to struct{ ID T }
	if err := mapstructure.Decode(map[string]any{"ID": from}, &to); err != nil {
		fmt.Printf("%T %v into %T: refused\n", from, from, to.ID)
	} else {
		fmt.Printf("%T %v into %T: %v %v\n", from, from, to.ID, to.ID, err)
	}
}

func main() {
	decode[int64](uint64(math.MaxUint64))
	decode[int32](int64(1<<32 + 5))
	decode[uint32](int64(1<<32 + 5))
	decode[int32](int64(3_000_000_000))
	decode[int64](7.5)
	decode[uint64](int64(-1))
	decode[int64](json.Number("18446744073709551615"))
	var to int32
	if json.Unmarshal([]byte("4294967301"), &to) != nil {
		fmt.Println("encoding/json, 4294967301 into int32: refused")
	}
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
uint64 18446744073709551615 into int64: -1 <nil>
int64 4294967301 into int32: 5 <nil>
int64 4294967301 into uint32: 5 <nil>
int64 3000000000 into int32: -1294967296 <nil>
float64 7.5 into int64: 7 <nil>
int64 -1 into uint64: refused
json.Number 18446744073709551615 into int64: refused
encoding/json, 4294967301 into int32: refused
SEEN
