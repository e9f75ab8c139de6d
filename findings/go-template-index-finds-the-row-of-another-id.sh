#!/usr/bin/env bash
# text/template's index takes 4294967297 for 1 in a map with keys of 32 bits, and -1 for the largest key: the row of another.
#
# Guess: index fails if the number doesn't fit the type of the key, as a conversion would lose it, or finds nothing.
# What was seen: any integer is converted to the type of the key, and what doesn't fit loses its upper bits, without an error. eq and lt compare
#   numbers of different types rightly, so that the same template finds {{eq 4294967297 1}} false.
# Seen with Go 1.26, 2026-12-01; the map of 32 bits holds 1: one, the one of 64 bits holds 18446744073709551615: last:
#   {{index .Small 1}}: one
#   {{index .Small .ID}} with the int64 4294967297: one
#   {{index .Small 4294967297}}: one
#   {{index .Large -1}}: last
#   {{eq .ID 1}}: false
# Why it matters here: a report that looks up the name of an ID's owner names somebody else's, in html/template too.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
go mod init seen >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"math"
	"os"
	"text/template"
)

func main() {
	data := map[string]any{"Small": map[uint32]string{1: "one"}, "Large": map[uint64]string{math.MaxUint64: "last"}, "ID": int64(1<<32 + 1)}
	for _, text := range []string{"{{index .Small 1}}", "{{index .Small .ID}}", "{{index .Small 4294967297}}", "{{index .Large -1}}", "{{eq .ID 1}}"} {
		fmt.Printf("%s: ", text)
		if err := template.Must(template.New("").Parse(text)).Execute(os.Stdout, data); err != nil {
			fmt.Print("refused")
		}
		fmt.Println()
	}
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
{{index .Small 1}}: one
{{index .Small .ID}}: one
{{index .Small 4294967297}}: one
{{index .Large -1}}: last
{{eq .ID 1}}: false
SEEN
