#!/usr/bin/env bash
# OpenTelemetry's Prometheus exporters for Node and Python write worker 1 and worker "1" as two lines of one series; Prometheus drops one.
#
# Guess: two sets of attributes that come out as the same labels are added up, or have labels that differ.
# What was seen: counts are kept by type and value, and labels are text. 1 and "1", and Node's and Python's names a.b and a_b, are two lines with
#   the same labels. Prometheus keeps the first and says so in its log alone; promtool check metrics says nothing. A counter with both
#   a.b and a_b has a label twice on one line with Node, at which the whole scrape fails; Python writes one of them.
# Seen with @opentelemetry/exporter-prometheus 0.223.0, sdk-metrics 2.12.1, Node 20.20; opentelemetry-exporter-prometheus 0.66b2, Python 3.11;
#   prometheus 2.42.0 (Debian 12), 2026-12-01; 3 for worker 1 and 4 for worker "1", 5 for a.b and 6 for a_b:
#   node: worker=1 3, worker=1 4, a_b=x 5, a_b=x 6; promtool passes; Prometheus has worker=1 3, a_b=x 5
#   python: worker=1 3, worker=1 4, a_b=x 5, a_b=x 6; promtool passes; Prometheus has worker=1 3, a_b=x 5
#   node, a.b and a_b on one: a_b=x,a_b=y 7; promtool fails; Prometheus is down
# Why it matters here: IDs of a worker whose number comes as a number here and as text there are not counted.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
command -v curl >/dev/null || exit 2
unpack prometheus
npm install --silent --no-audit --no-fund --ignore-scripts @opentelemetry/exporter-prometheus@0.223.0 @opentelemetry/sdk-metrics@2.12.1 \
  @opentelemetry/api@1.9.1 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q opentelemetry-exporter-prometheus==0.66b2 opentelemetry-sdk==1.45.2 \
  prometheus_client==0.26.0 >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 9000))
cat >seen.mjs <<'JS'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'

const exporter = (port) => {
  const reader = new PrometheusExporter({ port, host: '127.0.0.1' })
  return new MeterProvider({ readers: [reader] }).getMeter('seen').createCounter('ids')
}
const port = Number(process.argv[2])
const plain = exporter(port)
plain.add(3, { worker: 1 })
plain.add(4, { worker: '1' })
plain.add(5, { 'a.b': 'x' })
plain.add(6, { a_b: 'x' })
exporter(port + 1).add(7, { 'a.b': 'x', a_b: 'y' })
setTimeout(() => {}, 120_000)
JS
cat >seen.py <<'PY'
import sys, time
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import start_http_server

counter = MeterProvider(metric_readers=[PrometheusMetricReader()]).get_meter("seen").create_counter("ids")
counter.add(3, {"worker": 1})
counter.add(4, {"worker": "1"})
counter.add(5, {"a.b": "x"})
counter.add(6, {"a_b": "x"})
start_http_server(int(sys.argv[1]), "127.0.0.1")
time.sleep(120)
PY
node seen.mjs $port &
running+=($!)
venv/bin/python seen.py $((port + 2)) &
running+=($!)
cat >prometheus.yml <<CONF
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: all, static_configs: [{ targets: ['127.0.0.1:$port', '127.0.0.1:$((port + 1))', '127.0.0.1:$((port + 2))'] }] }]
CONF
listening $port
listening $((port + 1))
listening $((port + 2))
root/usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:$((port + 3)) >log 2>&1 &
running+=($!)
listening $((port + 3))
cat >told.py <<'PY'
import json, sys, time, urllib.parse, urllib.request

prometheus, target = f"http://127.0.0.1:{sys.argv[1]}/api/v1/query?query=", f"127.0.0.1:{sys.argv[2]}"

def ask(query):
    with urllib.request.urlopen(prometheus + urllib.parse.quote(query)) as answer:
        return json.load(answer)["data"]["result"]

for _ in range(300):
    up = ask(f'up{{instance="{target}"}}')
    if up:
        break
    time.sleep(0.1)
if up[0]["value"][1] == "0":
    print("Prometheus is down")
else:
    rows = [(row["metric"], row["value"][1]) for row in ask(f'ids_total{{instance="{target}"}}')]
    each = [f"{name}={labels[name]} {value}" for labels, value in rows for name in ("worker", "a_b") if labels.get(name)]
    print("Prometheus has " + ", ".join(sorted(each, reverse=True)))
PY
at=$port
for name in node 'node, a.b and a_b on one' python; do
  curl -s "127.0.0.1:$at/metrics" | sed '/^# HELP target_info/d' >text
  lines=$(sed -n 's/otel_scope[a-z_]*="[^"]*",*//g; s/worker="",*//; s/a_b="",*//; s/,*} / /; s/"//g; s/\.0$//; s/^ids_total{//p' text |
    paste -sd';' | sed 's/;/, /g')
  root/usr/bin/promtool check metrics <text >/dev/null 2>&1
  [ $? = 1 ] && passes=fails || passes=passes
  echo "$name: $lines; promtool $passes; $(python3 told.py $((port + 3)) $at)"
  at=$((at + 1))
done >seen
cat seen
diff <(sort seen) - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
node, a.b and a_b on one: a_b=x,a_b=y 7; promtool fails; Prometheus is down
node: worker=1 3, worker=1 4, a_b=x 5, a_b=x 6; promtool passes; Prometheus has worker=1 3, a_b=x 5
python: worker=1 3, worker=1 4, a_b=x 5, a_b=x 6; promtool passes; Prometheus has worker=1 3, a_b=x 5
SEEN
