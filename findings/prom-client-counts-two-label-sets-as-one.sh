#!/usr/bin/env bash
# prom-client counts two label sets as one when a comma in one value makes them alike: the second tag is added to the first.
#
# Guess: two label sets that differ are two series, whatever characters their values hold; Prometheus allows every one.
# What was seen: the key under which a series is kept is "name:value,name:value," with nothing escaped. {tag="a,zone:b", zone="c"}
#   and {tag="a", zone="b,zone:c"} have one key, and everything goes to the label set that came first. The client of Python keeps two.
# Seen with prom-client 15.1.3, Node 20.20; prometheus_client 0.22.1, Python 3.11, 2026-12-01:
#   prom-client: ids{tag="a,zone:b",zone="c"} 101
#   prometheus_client: ids_total{tag="a,zone:b",zone="c"} 1.0
#   prometheus_client: ids_total{tag="a",zone="b,zone:c"} 100.0
# Why it matters here: a metric that is labelled with free text may tell of one tag what another did.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts prom-client@15.1.3 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q prometheus_client==0.22.1 >/dev/null 2>&1 || exit 2
cat >seen.cjs <<'JS'
const { Counter, register } = require('prom-client');
const ids = new Counter({ name: 'ids', help: 'IDs', labelNames: ['tag', 'zone'] });
ids.inc({ tag: 'a,zone:b', zone: 'c' }, 1);
ids.inc({ tag: 'a', zone: 'b,zone:c' }, 100);
register.metrics().then((text) => {
  for (const line of text.split('\n')) if (line.startsWith('ids')) console.log(`prom-client: ${line}`);
});
JS
cat >seen.py <<'PY'
from prometheus_client import CollectorRegistry, Counter, generate_latest

registry = CollectorRegistry()
ids = Counter("ids", "IDs", ["tag", "zone"], registry=registry)
ids.labels("a,zone:b", "c").inc(1)
ids.labels("a", "b,zone:c").inc(100)
for line in generate_latest(registry).decode().splitlines():
    if line.startswith("ids_total"):
        print(f"prometheus_client: {line}")
PY
{ node seen.cjs && venv/bin/python seen.py; } >seen || exit 1
cat seen
diff seen - <<'SEEN'
prom-client: ids{tag="a,zone:b",zone="c"} 101
prometheus_client: ids_total{tag="a,zone:b",zone="c"} 1.0
prometheus_client: ids_total{tag="a",zone="b,zone:c"} 100.0
SEEN
