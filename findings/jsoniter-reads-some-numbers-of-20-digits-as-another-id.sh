#!/usr/bin/env bash
# jsoniter reads some numbers of 20 digits into a uint64 as another ID, and refuses others; encoding/json refuses all above 2^64.
#
# Guess: a number above 2^64-1 is refused, as jsoniter promises to be compatible with encoding/json in ConfigCompatibleWithStandardLibrary.
# What was seen: it is refused only if the lowest 64 bits are less than the number without its last digit. 18446744073709551616 is refused, and from
#   20496382304121724017 to 36893488147419103231 each number is another ID of 64 bits, without an error.
# Seen with json-iterator/go 1.1.12, Go 1.26, 2026-12-01, into a uint64:
#   18446744073709551615: jsoniter 18446744073709551615, encoding/json 18446744073709551615
#   18446744073709551616: jsoniter refused, encoding/json refused
#   20496382304121724016: jsoniter refused, encoding/json refused
#   20496382304121724017: jsoniter 2049638230412172401, encoding/json refused
#   30000000000000000005: jsoniter 11553255926290448389, encoding/json refused
#   99999999999999999999: jsoniter refused, encoding/json refused
# Why it matters here: IDs of 20 digits that others make, of a date and a counter, come in as Snowflakes of somebody else.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/json-iterator/go@v1.1.12 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	jsoniter "github.com/json-iterator/go"
)

func read(text string, unmarshal func([]byte, any) error) string {
	var id uint64
	if unmarshal([]byte(text), &id) != nil {
		return "refused"
	}
	return fmt.Sprint(id)
}

func main() {
	for _, text := range []string{"18446744073709551615", "18446744073709551616", "20496382304121724016", "20496382304121724017", "30000000000000000005",
		"99999999999999999999"} {
		by := jsoniter.ConfigCompatibleWithStandardLibrary.Unmarshal
		fmt.Printf("%s: jsoniter %s, encoding/json %s\n", text, read(text, by), read(text, json.Unmarshal))
	}
}
GO
go mod tidy >/dev/null 2>&1
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
18446744073709551615: jsoniter 18446744073709551615, encoding/json 18446744073709551615
18446744073709551616: jsoniter refused, encoding/json refused
20496382304121724016: jsoniter refused, encoding/json refused
20496382304121724017: jsoniter 2049638230412172401, encoding/json refused
30000000000000000005: jsoniter 11553255926290448389, encoding/json refused
99999999999999999999: jsoniter refused, encoding/json refused
SEEN
