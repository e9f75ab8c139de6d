#!/usr/bin/env bash
# OpenTelemetry's Prometheus exporter for Go answers each scrape with 500 once worker 1 came as a number and as text; a counter wraps below 0.
#
# Guess: attributes that come out as the same labels are added up, or one of them is left out; a counter that has no room left stays or is a float.
# What was seen: counts are kept by type and value, and labels are text. 1 and "1", or a.b and a_b, are the same series twice, for which the client
#   library fails the whole answer, other counters too, until the process ends. Twice 2^62 in an Int64Counter is told as -2^63, with status 200.
# Seen with go.opentelemetry.io/otel/exporters/prometheus 0.69.0, otel 1.47.0, Go 1.26, 2026-12-01; another counter stands beside ids:
#   worker 1 and "1": 500; other_total missing
#   a.b and a_b: 500; other_total missing
#   worker 1 twice: 200; other_total 1; ids_total 7
#   2^62 twice: 200; other_total 1; ids_total -9.223372036854776e+18
# Why it matters here: one place that has the worker's number as text makes the whole process disappear from the board.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get go.opentelemetry.io/otel/exporters/prometheus@v0.69.0 go.opentelemetry.io/otel/sdk/metric@v1.47.0 \
  github.com/prometheus/client_golang@v1.24.1 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func scrape(what string, amount int64, attributes ...attribute.KeyValue) {
	ctx := context.Background()
	registry := prometheus.NewRegistry()
	reader := must(exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo()))
	meter := sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("seen")
	must(meter.Int64Counter("other")).Add(ctx, 1)
	ids := must(meter.Int64Counter("ids"))
	for _, each := range attributes {
		ids.Add(ctx, amount, metric.WithAttributes(each))
		amount++
	}
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	fmt.Printf("%s: %d; other_total ", what, answer.Code)
	if found := regexp.MustCompile(`(?m)^other_total (.*)$`).FindStringSubmatch(answer.Body.String()); found == nil {
		fmt.Println("missing")
	} else {
		fmt.Printf("%s; ids_total %s\n", found[1], regexp.MustCompile(`(?m)^ids_total.* (.*)$`).FindStringSubmatch(answer.Body.String())[1])
	}
}

func main() {
	scrape(`worker 1 and "1"`, 3, attribute.Int("worker", 1), attribute.String("worker", "1"))
	scrape("a.b and a_b", 3, attribute.String("a.b", "x"), attribute.String("a_b", "x"))
	scrape("worker 1 twice", 3, attribute.Int("worker", 1), attribute.Int("worker", 1))
	scrape("2^62 twice", 1<<62, attribute.Int("worker", 1), attribute.Int("worker", 1))
}
GO
go mod tidy >/dev/null 2>&1
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen 2>err || { cat err; exit 1; }
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
worker 1 and "1": 500; other_total missing
a.b and a_b: 500; other_total missing
worker 1 twice: 200; other_total 1; ids_total 7
2^62 twice: 200; other_total 1; ids_total -9.223372036854776e+18
SEEN
