#!/usr/bin/env bash
# oklog/ulid reads a ULID with the letter O, I or L as another ULID, from JSON and from a database too; only ParseStrict refuses.
#
# Guess: O is read as 0 and I and L as 1, as in Crockford's alphabet, or all three are refused; that Parse is lax is for lower case.
# What was seen: such a letter sets all bits of its place and some of the place before it: …FA0 with an O is …FFZ. UnmarshalText, JSON and Scan
#   do the same; ParseStrict refuses. Two texts with different wrong letters are the same ULID.
# Seen with oklog/ulid 2.1.2, Go 1.26, 2026-12-01:
#   Parse 01ARZ3NDEKTSV4RRFFQ69G5FA0: 01ARZ3NDEKTSV4RRFFQ69G5FA0
#   Parse 01ARZ3NDEKTSV4RRFFQ69G5FAO: 01ARZ3NDEKTSV4RRFFQ69G5FFZ
#   Parse 01ARZ3NDEKTSV4RRFFQ69G5FAI: 01ARZ3NDEKTSV4RRFFQ69G5FFZ
#   JSON 01ARZ3NDEKTSV4RRFFQ69G5FAO: 01ARZ3NDEKTSV4RRFFQ69G5FFZ
#   Scan 01ARZ3NDEKTSV4RRFFQ69G5FAO: 01ARZ3NDEKTSV4RRFFQ69G5FFZ
#   ParseStrict 01ARZ3NDEKTSV4RRFFQ69G5FAO: refused
# Why it matters here: an ID that was read out or typed names a row, and not the one that was meant.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/oklog/ulid/v2@v2.1.2 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/oklog/ulid/v2"
)

func tell(how, text string, read func(string) (ulid.ULID, error)) {
	if id, err := read(text); err != nil {
		fmt.Printf("%s %s: refused\n", how, text)
	} else {
		fmt.Printf("%s %s: %s\n", how, text, id)
	}
}

func main() {
	for _, last := range []string{"0", "O", "I"} {
		tell("Parse", "01ARZ3NDEKTSV4RRFFQ69G5FA"+last, ulid.Parse)
	}
	text := "01ARZ3NDEKTSV4RRFFQ69G5FAO"
	tell("JSON", text, func(text string) (id ulid.ULID, err error) {
		err = json.Unmarshal([]byte(`"`+text+`"`), &id)
		return id, err
	})
	tell("Scan", text, func(text string) (id ulid.ULID, err error) {
		err = id.Scan(text)
		return id, err
	})
	tell("ParseStrict", text, ulid.ParseStrict)
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
Parse 01ARZ3NDEKTSV4RRFFQ69G5FA0: 01ARZ3NDEKTSV4RRFFQ69G5FA0
Parse 01ARZ3NDEKTSV4RRFFQ69G5FAO: 01ARZ3NDEKTSV4RRFFQ69G5FFZ
Parse 01ARZ3NDEKTSV4RRFFQ69G5FAI: 01ARZ3NDEKTSV4RRFFQ69G5FFZ
JSON 01ARZ3NDEKTSV4RRFFQ69G5FAO: 01ARZ3NDEKTSV4RRFFQ69G5FFZ
Scan 01ARZ3NDEKTSV4RRFFQ69G5FAO: 01ARZ3NDEKTSV4RRFFQ69G5FFZ
ParseStrict 01ARZ3NDEKTSV4RRFFQ69G5FAO: refused
SEEN
