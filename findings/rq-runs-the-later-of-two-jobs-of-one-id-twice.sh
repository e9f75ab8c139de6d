#!/usr/bin/env bash
# RQ runs the later of two jobs twice, and the earlier never, if both were enqueued with one job_id.
#
# Guess: the second is ignored or refused while the first waits, as by BullMQ, or both run, each with its own arguments.
# What was seen: the queue holds the ID twice, but there is one record per ID, and the second has overwritten the first's arguments.
# Seen with rq 3.0.0, redis 8.1.0, redis-server 7.0.15 (Debian 12), Python 3.11, 2026-12-01:
#   queued: 7123458781010227201 7123458781010227201
#   ran with: second second
# Why it matters here: who names jobs by drawn IDs so that a repeated enqueue does no harm gets the job twice; if two sources of IDs overlap,
#   one job is lost and nothing tells.
set -uo pipefail
work=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; fi
  rm -rf "$work"
}
trap finish EXIT
cd "$work" || exit 2
command -v redis-server >/dev/null || { echo "needs redis-server" >&2; exit 2; }
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q rq==3.0.0 redis==8.1.0 >/dev/null 2>&1 || exit 2
redis-server --port 0 --unixsocket "$work/s.sock" --save '' >/dev/null &
server=$!
for _ in $(seq 100); do [ -S s.sock ] && break; sleep 0.1; done
cat >jobs.py <<'PY'
import redis

connection = redis.Redis(unix_socket_path="s.sock")


def note(which):
    connection.rpush("ran", which)
PY
PYTHONPATH=. venv/bin/python - >seen 2>err <<'PY' || { cat err >&2; exit 1; }
from jobs import connection, note
from rq import Queue, SimpleWorker

queue = Queue(connection=connection)
for which in "first", "second":
    queue.enqueue(note, which, job_id="7123458781010227201")
print("queued:", *queue.job_ids)
SimpleWorker([queue], connection=connection).work(burst=True, logging_level="ERROR")
print("ran with:", *(each.decode() for each in connection.lrange("ran", 0, -1)))
PY
cat seen
diff seen - <<'SEEN'
queued: 7123458781010227201 7123458781010227201
ran with: second second
SEEN
