#!/usr/bin/env bash
# The parser of Prometheus' Python client tells of a counter `ids` as `ids_total`, and of two counters ids and ids_total as one name.
#
# Guess: the parser of the plain text format tells each sample under the name it has in the text, as Prometheus stores it.
# What was seen: if a family is said to be a counter and has no _total, its sample gets one. A counter that Go or Node exports as `ids` is
#   ids_total to whoever reads by this parser, and then one with another counter of that name; a gauge or an untyped one keeps its name.
# Seen with prometheus_client 0.26.0, Python 3.11, 2026-12-01:
#   counter ids 3: ids_total 3
#   counter ids_total 500: ids_total 500
#   gauge left 7: left 7
#   untyped seen 9: seen 9
# Why it matters here: a check or a bridge in Python looks at another series than Prometheus shows. Leafcutter's counters end with _total.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q prometheus_client==0.26.0 >/dev/null 2>&1 || exit 2
cat >seen.py <<'PY'
from prometheus_client.parser import text_string_to_metric_families

for kind, name, value in (("counter", "ids", 3), ("counter", "ids_total", 500), ("gauge", "left", 7), ("untyped", "seen", 9)):
    text = f"# TYPE {name} {kind}\n{name} {value}\n"
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            print(f"{kind} {name} {value}: {sample.name} {sample.value:.0f}")
PY
venv/bin/python seen.py >seen || exit 1
cat seen
diff seen - <<'SEEN'
counter ids 3: ids_total 3
counter ids_total 500: ids_total 500
gauge left 7: left 7
untyped seen 9: seen 9
SEEN
