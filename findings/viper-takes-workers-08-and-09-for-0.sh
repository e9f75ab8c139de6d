#!/usr/bin/env bash
# viper's GetInt takes worker 08 and worker 09 of the environment for 0, and 010 for 8.
#
# Guess: zeros in front mean nothing in a number from the environment or in quotes, as for strconv.Atoi.
# What was seen: text is read as a literal of Go: 010 is octal, and 08 and 09 are none, so that GetInt gives 0, as for a key that isn't set.
#   GetUint64 and GetInt64 do so, too, and so does Unmarshal, but that 08 fails there. 7, 07 and 10 are right.
# Seen with viper 1.21.0, Go 1.26, 2026-12-01; from WORKER in the environment:
#   07: GetInt 7, GetInt64 7, Unmarshal 7
#   08: GetInt 0, GetInt64 0, Unmarshal refused
#   09: GetInt 0, GetInt64 0, Unmarshal refused
#   010: GetInt 8, GetInt64 8, Unmarshal 8
#   10: GetInt 10, GetInt64 10, Unmarshal 10
# Why it matters here: of hosts numbered 01 to 12, three hand out IDs as worker 0 or 8 beside those that have these numbers.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/spf13/viper@v1.21.0 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/spf13/viper"
)

func main() {
	for _, text := range []string{"07", "08", "09", "010", "10"} {
		os.Setenv("WORKER", text)
		v := viper.New()
		v.BindEnv("worker")
		var all struct{ Worker int }
		whole := "refused"
		if v.Unmarshal(&all) == nil {
			whole = fmt.Sprint(all.Worker)
		}
		fmt.Printf("%s: GetInt %d, GetInt64 %d, Unmarshal %s\n", text, v.GetInt("worker"), v.GetInt64("worker"), whole)
	}
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
07: GetInt 7, GetInt64 7, Unmarshal 7
08: GetInt 0, GetInt64 0, Unmarshal refused
09: GetInt 0, GetInt64 0, Unmarshal refused
010: GetInt 8, GetInt64 8, Unmarshal 8
10: GetInt 10, GetInt64 10, Unmarshal 10
SEEN
