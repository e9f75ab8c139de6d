#!/usr/bin/env bash
# VictoriaMetrics keeps another number than it was given: whole numbers from 2^55 on lose digits, and smaller ones do beside a fraction.
#
# Guess: values are stored as the float64 that they are, so that each whole number up to 2^53, and each float64, is read as it was written.
# What was seen: the values of a block become whole numbers of one decimal exponent. What has not enough digits left loses its last ones: 2^53-1
#   beside a 0.1 is read as …990, and 2^55, which is a float64, as …960. A whole number can come back as a fraction.
# Seen with the package that does it, VictoriaMetrics/lib/decimal 1.102.1, Go 1.26, 2026-12-01:
#   9007199254740991: 9007199254740991
#   9007199254740991, 0.1: 9007199254740990, 0.1
#   123456789012345, 0.001: 123456789012344.98, 0.001
#   36028797018963968: 36028797018963960
#   36028797018963968, 36028797018963976: 36028797018963960, 36028797018963968
#   9223372036854774784, 1000: 9223372036854773760, 1000
# Why it matters here: a gauge of the highest ID or of the room that is left is told below what it was, where Prometheus has what was scraped.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/VictoriaMetrics/VictoriaMetrics/lib/decimal@v1.102.1 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/decimal"
)

func text(values []float64) string {
	var each []string
	for _, value := range values {
		digits := -1
		if value == math.Trunc(value) {
			digits = 0
		}
		each = append(each, strconv.FormatFloat(value, 'f', digits, 64))
	}
	return strings.Join(each, ", ")
}

func main() {
	for _, block := range [][]float64{{1<<53 - 1}, {1<<53 - 1, 0.1}, {123456789012345, 0.001}, {1 << 55}, {1 << 55, 1<<55 + 8}, {1<<63 - 1024, 1000}} {
		whole, exponent := decimal.AppendFloatToDecimal(nil, block)
		fmt.Printf("%s: %s\n", text(block), text(decimal.AppendDecimalToFloat(nil, whole, exponent)))
	}
}
GO
go mod tidy >/dev/null 2>&1
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
9007199254740991: 9007199254740991
9007199254740991, 0.1: 9007199254740990, 0.1
123456789012345, 0.001: 123456789012344.98, 0.001
36028797018963968: 36028797018963960
36028797018963968, 36028797018963976: 36028797018963960, 36028797018963968
9223372036854774784, 1000: 9223372036854773760, 1000
SEEN
