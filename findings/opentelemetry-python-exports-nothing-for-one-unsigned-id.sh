#!/usr/bin/env bash
# OpenTelemetry for Python exports none of its metrics as long as one gauge holds an ID above 2^63; the others read as if nothing counted.
#
# Guess: a number that OTLP has no room for is left out, cut or sent as a double, and the other metrics are exported.
# What was seen: set() takes it, and at each export the encoder raises for all of them. The reader logs an exception and goes on, so that nothing
#   arrives until the gauge has another value. What was counted meanwhile comes then, since counters are cumulative; a gauge's values are lost.
#   A float is exported, and so is 2^63 - 1.
# Seen with opentelemetry-sdk 1.45.2, opentelemetry-exporter-otlp-proto-http 1.45.2, Python 3.11, 2026-12-01; metrics ids_total and last_id:
#   last_id 7: received ids_total, last_id
#   last_id 18446744073709551615: received nothing
#   last_id 18446744073709551615.0: received ids_total, last_id
# Why it matters here: the newest ID as a gauge, or a threshold of 2^64 - 1, makes a whole process disappear from the board.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q opentelemetry-exporter-otlp-proto-http==1.45.2 opentelemetry-sdk==1.45.2 >/dev/null 2>&1 ||
  exit 2
cat >seen.py <<'PY'
import http.server, logging, threading
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

logging.disable(logging.CRITICAL)
received = []

class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        received.extend(m.name for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()
exporter = OTLPMetricExporter(endpoint=f"http://127.0.0.1:{server.server_port}/v1/metrics", compression=Compression.NoCompression)
provider = MeterProvider(metric_readers=[PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)])
meter = provider.get_meter("seen")
counter, gauge = meter.create_counter("ids_total"), meter.create_gauge("last_id")
for value in (7, 2**64 - 1, float(2**64 - 1)):
    received.clear()
    counter.add(1)
    gauge.set(value)
    try:
        provider.force_flush()
    except Exception:
        pass
    text = str(value) if isinstance(value, int) else "18446744073709551615.0"
    print(f"last_id {text}: received {', '.join(sorted(received)) or 'nothing'}")
PY
timeout 100 venv/bin/python seen.py >seen || { cat seen; exit 1; }
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
last_id 7: received ids_total, last_id
last_id 18446744073709551615: received nothing
last_id 18446744073709551615.0: received ids_total, last_id
SEEN
