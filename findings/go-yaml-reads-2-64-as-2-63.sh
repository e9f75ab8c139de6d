#!/usr/bin/env bash
# yaml.v3 reads 18446744073709551616 into a uint64 as 9223372036854775808, and 7.5 into an int as 7; JSON for Go refuses both.
#
# Guess: what doesn't fit the field is refused, as yaml.v3 does for 9223372036854775808 in an int64.
# What was seen: a number of more than 64 bits is a float by then, and a float goes into an integer if it isn't above the limit, which as a float
#   is 2^64 itself. So 2^64, and what rounds to it, become 2^63. Fractions are cut, and an ID that was written with a point is rounded
#   although its digits are all there.
# Seen with gopkg.in/yaml.v3 3.0.1, Go 1.26, 2026-12-01, into a uint64:
#   18446744073709551615: yaml.v3 18446744073709551615, encoding/json 18446744073709551615
#   18446744073709551616: yaml.v3 9223372036854775808, encoding/json refused
#   18446744073709552000: yaml.v3 9223372036854775808, encoding/json refused
#   9007199254740993.0: yaml.v3 9007199254740992, encoding/json refused
#   7.5: yaml.v3 7, encoding/json refused
# Why it matters here: 18446744073709552000 is what JavaScript makes of the largest IDs. They become one ID that looks like any other.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get gopkg.in/yaml.v3@v3.0.1 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"
)

func read(text string, unmarshal func([]byte, any) error) string {
	var id uint64
	if unmarshal([]byte(text), &id) != nil {
		return "refused"
	}
	return fmt.Sprint(id)
}

func main() {
	for _, text := range []string{"18446744073709551615", "18446744073709551616", "18446744073709552000", "9007199254740993.0", "7.5"} {
		fmt.Printf("%s: yaml.v3 %s, encoding/json %s\n", text, read(text, yaml.Unmarshal), read(text, json.Unmarshal))
	}
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
18446744073709551615: yaml.v3 18446744073709551615, encoding/json 18446744073709551615
18446744073709551616: yaml.v3 9223372036854775808, encoding/json refused
18446744073709552000: yaml.v3 9223372036854775808, encoding/json refused
9007199254740993.0: yaml.v3 9007199254740992, encoding/json refused
7.5: yaml.v3 7, encoding/json refused
SEEN
