#!/usr/bin/env bash
# BurntSushi/toml writes a uint64 above 2^63 and refuses to read it again; go-toml refuses to write it.
#
# Guess: TOML's numbers are of 64 bits with a sign, so that a writer refuses what no reader takes, or writes it as a string.
# What was seen: Marshal gives the digits and no error, and Unmarshal of the same text into the same struct fails: a file that a program
#   saves is one that it can't start with. go-toml says so when it writes. Python's tomllib reads it, as Python has such numbers.
# Seen with BurntSushi/toml 1.6.0, pelletier/go-toml 2.2.4, Go 1.26, Python 3.11, 2026-12-01:
#   BurntSushi writes: last = 18446744073709551615
#   BurntSushi reads that: refused
#   go-toml writes: refused
#   go-toml reads that: refused
#   tomllib reads that: 18446744073709551615
# Why it matters here: a state file with the last ID is fine for years, until the first ID with the 64th bit.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/BurntSushi/toml@v1.6.0 github.com/pelletier/go-toml/v2@v2.2.4 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"math"
	"os"

	"github.com/BurntSushi/toml"
	pelletier "github.com/pelletier/go-toml/v2"
)

type state struct {
	Last uint64 `toml:"last"`
}

func main() {
	text, err := toml.Marshal(state{math.MaxUint64})
	if err != nil {
		fmt.Println("BurntSushi writes: refused")
	} else {
		fmt.Printf("BurntSushi writes: %s", text)
	}
	read := func(name string, unmarshal func([]byte, any) error) {
		var back state
		if unmarshal(text, &back) != nil {
			fmt.Printf("%s reads that: refused\n", name)
		} else {
			fmt.Printf("%s reads that: %d\n", name, back.Last)
		}
	}
	read("BurntSushi", toml.Unmarshal)
	if other, err := pelletier.Marshal(state{math.MaxUint64}); err != nil {
		fmt.Println("go-toml writes: refused")
	} else {
		fmt.Printf("go-toml writes: %s", other)
	}
	read("go-toml", pelletier.Unmarshal)
	os.WriteFile("state.toml", text, 0o600)
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
python3 -c "import tomllib" 2>/dev/null || exit 2
{ ./of-go && python3 -c 'import tomllib; print("tomllib reads that:", tomllib.load(open("state.toml", "rb"))["last"])'; } >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
BurntSushi writes: last = 18446744073709551615
BurntSushi reads that: refused
go-toml writes: refused
go-toml reads that: refused
tomllib reads that: 18446744073709551615
SEEN
