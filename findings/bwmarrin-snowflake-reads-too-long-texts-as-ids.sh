#!/usr/bin/env bash
# bwmarrin/snowflake reads texts of more than 64 bits as some ID, and an empty base32 or base58 as 0, without an error.
#
# Guess: ParseBase32 and ParseBase58 refuse what no ID is written as: too long, too large, or empty, as ParseString does.
# What was seen: only letters outside of the alphabet are refused. All else is added up modulo 2^64: an ID with one letter doubled is another ID,
#   and 20 letters are the ID of the last 13.
# Seen with bwmarrin/snowflake 0.3.0, Go 1.26, 2026-12-01:
#   base58 "4zzv4rZaYpj": 1541815603606036480
#   base58 "4zzv4rZaYpjj": -2808415359397642222
#   base58 "4zzv4rZaYpj4zzv4rZaYpj": -7670165516122087424
#   base58 "": 0
#   base32 "bk3pbd7tbxeyy": 1541815603606036480
#   base32 "bbbbbbbbk3pbd7tbxeyy": 1541815603606036480
#   base32 "": 0
#   base10 "15418156036060364800": refused
#   base10 "": refused
# Why it matters here: a mistyped or cut link leads to somebody else's row where it should lead to none.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/bwmarrin/snowflake@v0.3.0 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"fmt"

	"github.com/bwmarrin/snowflake"
)

func main() {
	id := snowflake.ID(1541815603606036480)
	tell := func(what, text string, read func(string) (snowflake.ID, error)) {
		if got, err := read(text); err != nil {
			fmt.Printf("%s %q: refused\n", what, text)
		} else {
			fmt.Printf("%s %q: %d\n", what, text, got)
		}
	}
	base58 := func(text string) (snowflake.ID, error) { return snowflake.ParseBase58([]byte(text)) }
	base32 := func(text string) (snowflake.ID, error) { return snowflake.ParseBase32([]byte(text)) }
	tell("base58", id.Base58(), base58)
	tell("base58", id.Base58()+id.Base58()[10:], base58)
	tell("base58", id.Base58()+id.Base58(), base58)
	tell("base58", "", base58)
	tell("base32", id.Base32(), base32)
	tell("base32", "bbbbbbb"+id.Base32(), base32)
	tell("base32", "", base32)
	tell("base10", id.String()+"0", snowflake.ParseString)
	tell("base10", "", snowflake.ParseString)
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
base58 "4zzv4rZaYpj": 1541815603606036480
base58 "4zzv4rZaYpjj": -2808415359397642222
base58 "4zzv4rZaYpj4zzv4rZaYpj": -7670165516122087424
base58 "": 0
base32 "bk3pbd7tbxeyy": 1541815603606036480
base32 "bbbbbbbbk3pbd7tbxeyy": 1541815603606036480
base32 "": 0
base10 "15418156036060364800": refused
base10 "": refused
SEEN
