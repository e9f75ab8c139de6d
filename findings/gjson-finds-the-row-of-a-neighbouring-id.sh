#!/usr/bin/env bash
# gjson reads 64-bit IDs exactly, and finds the object of another ID: #(id==N) compares as doubles.
#
# Guess: as Int() and Uint() read the digits, a query compares them in the same way.
# What was seen: a query takes two IDs above 2^53 that are neighbours for the same, so that it answers the first of them, == and >= find too
#   much and > and != too little. IDs that are strings are told apart.
# Seen with gjson 1.20.3, Go 1.26, 2026-12-01; a has …992, b has …993, text has the same in quotes:
#   Int() of the second id: 9007199254740993
#   #(id==…993).name: a
#   #(id==…993)#.name: ["a","b"]
#   #(id>…992)#.name: []
#   #(id!=…992)#.name: []
#   #(text=="…993").name: b
# Why it matters here: Snowflakes of one machine and millisecond are neighbours, and the answer about one is that of the other.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/tidwall/gjson@v1.20.3 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

func main() {
	rows := `[{"id": 9007199254740992, "text": "9007199254740992", "name": "a"},
		{"id": 9007199254740993, "text": "9007199254740993", "name": "b"}]`
	fmt.Println("Int() of the second id:", gjson.Get(rows, "1.id").Int())
	for _, path := range []string{"#(id==…993).name", "#(id==…993)#.name", "#(id>…992)#.name", "#(id!=…992)#.name", `#(text=="…993").name`} {
		fmt.Printf("%s: %s\n", path, gjson.Get(rows, strings.ReplaceAll(path, "…", "9007199254740")))
	}
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
Int() of the second id: 9007199254740993
#(id==…993).name: a
#(id==…993)#.name: ["a","b"]
#(id>…992)#.name: []
#(id!=…992)#.name: []
#(text=="…993").name: b
SEEN
