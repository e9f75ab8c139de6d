#!/usr/bin/env bash
# Prometheus' Python client tells the least and the greatest of all processes as 0 while one of them hasn't set the gauge.
#
# Guess: in multiprocess mode min, max and the like are taken of the processes that have set the gauge; one that never did has no value.
# What was seen: a gauge without labels is 0 in each process from its import on, so that `min` of values above 0 and `max` of values below it are 0.
#   That goes for the process that starts the workers and never sets anything, and for a worker that is idle, and for dead ones: their files count. With a
#   label, a process has no value until it asks for the labels, and all is as guessed; `mostrecent` is right as well.
# Seen with prometheus_client 0.26.0, Python 3.11, 2026-12-01; two of three processes set 700 and 800, or -700 and -800:
#   min without labels: 0
#   min with a label: 700
#   max of negative ones without labels: 0
#   max of negative ones with a label: -700
#   mostrecent without labels: 800
# Why it matters here: the room that is left, as the least of all workers, reads 0 and wakes somebody while there is plenty; a clock that is behind, as the
#   greatest of negative offsets, never shows.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q prometheus_client==0.26.0 >/dev/null 2>&1 || exit 2
mkdir values
cat >seen.py <<'PY'
import os
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.multiprocess import MultiProcessCollector

least = Gauge("least", "", multiprocess_mode="min")
least_labelled = Gauge("least_labelled", "", ["kind"], multiprocess_mode="min")
greatest = Gauge("greatest", "", multiprocess_mode="max")
greatest_labelled = Gauge("greatest_labelled", "", ["kind"], multiprocess_mode="max")
recent = Gauge("recent", "", multiprocess_mode="mostrecent")
for value in (700, 800):
    process = os.fork()
    if not process:
        least.set(value)
        least_labelled.labels("id").set(value)
        greatest.set(-value)
        greatest_labelled.labels("id").set(-value)
        recent.set(value)
        os._exit(0)
    os.waitpid(process, 0)
registry = CollectorRegistry()
MultiProcessCollector(registry)
told = {sample.name: sample.value for family in registry.collect() for sample in family.samples}
print(f"min without labels: {told['least']:.0f}")
print(f"min with a label: {told['least_labelled']:.0f}")
print(f"max of negative ones without labels: {told['greatest']:.0f}")
print(f"max of negative ones with a label: {told['greatest_labelled']:.0f}")
print(f"mostrecent without labels: {told['recent']:.0f}")
PY
PROMETHEUS_MULTIPROC_DIR=values venv/bin/python seen.py >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
min without labels: 0
min with a label: 700
max of negative ones without labels: 0
max of negative ones with a label: -700
mostrecent without labels: 800
SEEN
