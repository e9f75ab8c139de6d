#!/usr/bin/env bash
# gojq keeps all digits of an ID in sums, % and sort, and changes it by floor, round, ceil and trunc, which should change no whole number.
#
# Guess: gojq has whole numbers of any length, so that what leaves a whole number as it is leaves all of them.
# What was seen: abs does; floor, round, ceil, trunc and fabs go through a double. A division that isn't even does too, so that the time of a Snowflake,
#   id / 2^22 | floor, is that of the next millisecond for the last IDs of one. (id - id % 2^22) / 2^22 is right.
# Seen with gojq 0.12.20, Go 1.26, 2026-12-01; .id is 9007199254740993, .last is the last Snowflake of millisecond 367598342802:
#   .id + 0: 9007199254740993
#   .id % 1000: 993
#   .id | abs: 9007199254740993
#   .id | floor: 9007199254740992
#   .id | round: 9007199254740992
#   .id | trunc: 9007199254740992
#   .last / 4194304 | floor: 367598342803
#   (.last - .last % 4194304) / 4194304: 367598342802
# Why it matters here: a script that was safe with gojq, as numbers are exact there, gets other IDs by a step that looks like none.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/itchyny/gojq@v0.12.20 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/itchyny/gojq"
)

func main() {
	reader := json.NewDecoder(strings.NewReader(fmt.Sprintf(`{"id": 9007199254740993, "last": %d}`, int64(367598342802)<<22|1<<22-1)))
	reader.UseNumber()
	var input any
	if err := reader.Decode(&input); err != nil {
		panic(err)
	}
	for _, code := range []string{".id + 0", ".id % 1000", ".id | abs", ".id | floor", ".id | round", ".id | trunc", ".last / 4194304 | floor",
		"(.last - .last % 4194304) / 4194304"} {
		query, err := gojq.Parse(code)
		if err != nil {
			panic(err)
		}
		value, _ := query.Run(input).Next()
		text, err := gojq.Marshal(value)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %s\n", code, text)
	}
}
GO
go mod tidy >/dev/null 2>&1
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
.id + 0: 9007199254740993
.id % 1000: 993
.id | abs: 9007199254740993
.id | floor: 9007199254740992
.id | round: 9007199254740992
.id | trunc: 9007199254740992
.last / 4194304 | floor: 367598342803
(.last - .last % 4194304) / 4194304: 367598342802
SEEN
