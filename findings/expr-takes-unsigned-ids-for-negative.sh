#!/usr/bin/env bash
# expr takes a uint64 ID above 2^63 for negative, finds it equal to a negative one, and takes neighbours from JSON for equal.
#
# Guess: numbers of different types are compared by value: a uint64 is above 0 and equals no negative number.
# What was seen: both sides are made ints first, so that an ID above 2^63 is below 0 and equal to the negative number of the same bits. max gives the
#   least, `in` finds it in a list of others, % is negative. Beside a float64, which is what fromJSON gives, neighbours are equal.
# Seen with expr 1.17.8, Go 1.26, 2026-12-01; id is uint64 18446744073709551615, near is int64 9007199254740993:
#   id > 0: false
#   id == -1: true
#   id in [-1, 7]: true
#   max(id, 7): 7
#   id % 10: -1
#   string(id): 18446744073709551615
#   near == 9007199254740992: false
#   near == fromJSON("9007199254740992"): true
# Why it matters here: rules and filters with an ID in them, as routers, gateways and feature flags have, choose the other branch.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/expr-lang/expr@v1.17.8 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"math"

	"github.com/expr-lang/expr"
)

func main() {
	env := map[string]any{"id": uint64(math.MaxUint64), "near": int64(1<<53 + 1)}
	for _, code := range []string{"id > 0", "id == -1", "id in [-1, 7]", "max(id, 7)", "id % 10", "string(id)", "near == 9007199254740992",
		`near == fromJSON("9007199254740992")`} {
		value, err := expr.Eval(code, env)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %v\n", code, value)
	}
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
id > 0: false
id == -1: true
id in [-1, 7]: true
max(id, 7): 7
id % 10: -1
string(id): 18446744073709551615
near == 9007199254740992: false
near == fromJSON("9007199254740992"): true
SEEN
