#!/usr/bin/env bash
# A counter of Prometheus' Go client falls back to 0 when whole numbers that add up to 2^64 were added; with a half added it would not.
#
# Guess: a counter is a float64 that never falls; large sums lose their last digits, and no more. Add refuses only negative numbers.
# What was seen: whole numbers are added up in a uint64 of their own, which wraps silently at 2^64, and the rest in a float64. So
#   2^63 + 2^62 + 2^62 is 0, while the same sum with 0.5 in each goes through the float64 and is right. A gauge is right either way.
# Seen with github.com/prometheus/client_golang 1.22.0, Go 1.26, 2026-12-01:
#   counter after Add(2^63), Add(2^62), Add(2^62): 9223372036854775808, 13835058055282163712, 0
#   gauge: 9223372036854775808, 13835058055282163712, 18446744073709551616
#   counter after 1024 times Add(2^54 + 0.0): 0; after 1024 times Add(2^51 + 0.5): 2305843009213694464
# Why it matters here: a counter of the room that jumps and skipped windows used up of a 64-bit space reads as a restart. Agents count
#   IDs, and their gauges of what is left are computed anew.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
go mod init seen >/dev/null 2>&1 && go get github.com/prometheus/client_golang/prometheus@v1.22.0 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func value(of prometheus.Metric) float64 {
	var told dto.Metric
	if err := of.Write(&told); err != nil {
		panic(err)
	}
	return told.GetCounter().GetValue() + told.GetGauge().GetValue()
}

type adder interface {
	prometheus.Metric
	Add(float64)
}

func each(to adder, amounts ...float64) string {
	var seen []string
	for _, amount := range amounts {
		to.Add(amount)
		seen = append(seen, strconv.FormatFloat(value(to), 'g', 20, 64))
	}
	return strings.Join(seen, ", ")
}

func many(amount float64) string {
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "many"})
	for n := 0; n < 1024; n++ {
		counter.Add(amount)
	}
	return strconv.FormatFloat(value(counter), 'g', 20, 64)
}

func main() {
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "counter"})
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "gauge"})
	fmt.Println("counter after Add(2^63), Add(2^62), Add(2^62):", each(counter, 1<<63, 1<<62, 1<<62))
	fmt.Println("gauge:", each(gauge, 1<<63, 1<<62, 1<<62))
	fmt.Printf("counter after 1024 times Add(2^54 + 0.0): %s; after 1024 times Add(2^51 + 0.5): %s\n", many(1<<54), many(1<<51+0.5))
}
GO
go mod tidy >/dev/null 2>&1
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN'
counter after Add(2^63), Add(2^62), Add(2^62): 9223372036854775808, 13835058055282163712, 0
gauge: 9223372036854775808, 13835058055282163712, 18446744073709551616
counter after 1024 times Add(2^54 + 0.0): 0; after 1024 times Add(2^51 + 0.5): 2305843009213694464
SEEN
