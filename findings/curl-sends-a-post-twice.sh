#!/usr/bin/env bash
# curl sends a POST twice, without --retry, when the server ends a kept connection instead of an answer.
#
# Guess: without --retry each request is sent once; at the most a GET again, since a POST may have done its work.
# What was seen: a request of any method goes out again, on a new connection, if the connection had served another one before and
#   ends before the first byte of the answer. libcurl cannot tell a connection that was dead before from one that died on the
#   request. The exit code is 0. On its first connection the same end is an error (52).
# Seen with curl 7.88.1 (Debian 12) and pycurl 7.49.0 (libcurl 8.23.0), 2026-11-30:
#   curl: POST /1, POST /2, POST /2, POST /3, POST /3; exit 0
#   curl, each by itself: POST /1, POST /2, POST /3; exit 52
#   pycurl: POST /1, POST /2, POST /2, POST /3, POST /3; exit 0
# Why it matters here: one call takes two ranges when a server is restarted after it has counted and before it has answered.
#   What is built on libcurl inherits it.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
command -v curl >/dev/null || { echo "needs curl" >&2; exit 2; }
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q pycurl==7.49.0 >/dev/null 2>&1 || exit 2
cat >server.py <<'PY'
import socketserver, sys

# Answers the first request of a connection, takes the second, and hangs up (or hangs up on the first, if told so).
class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        for turn in range(2):
            head, length = self.rfile.readline().decode().split(), 0
            if not head:
                return
            while (line := self.rfile.readline().decode().strip()):
                if line.lower().startswith("content-length:"):
                    length = int(line.split(":")[1])
            self.rfile.read(length)
            print(head[0], head[1], flush=True)
            if turn == 1 or self.server.ends_at_once:
                return
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    ends_at_once = False

Server.ends_at_once = len(sys.argv) > 1
with Server(("127.0.0.1", 0), Connection) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
PY
cat >three.py <<'PY'
import io, sys, pycurl

client = pycurl.Curl()
for path in (1, 2, 3):
    client.setopt(pycurl.URL, f"{sys.argv[1]}/{path}")
    client.setopt(pycurl.POSTFIELDS, "n=1")
    client.setopt(pycurl.WRITEDATA, io.BytesIO())
    client.perform()
PY
serve() { : >log; python3 server.py "$@" >log & server=$!; until [ -s log ]; do kill -0 $server || exit 2; sleep 0.1; done; at=127.0.0.1:$(head -1 log); }
say() { echo "$1: $(tail -n +2 log | paste -sd, | sed 's/,/, /g'); exit $2"; kill $server; }
post() { curl -sS "$@" 2>/dev/null >/dev/null; }
{
  serve
  post -d n=1 "$at/1" --next -sS -d n=1 "$at/2" --next -sS -d n=1 "$at/3"
  say curl $?
  serve --ends-at-once
  for path in 1 2 3; do post -d n=1 "$at/$path"; code=$?; done
  say 'curl, each by itself' $code
  serve
  venv/bin/python three.py "http://$at"
  say pycurl $?
} | tee seen
twice='POST /1, POST /2, POST /2, POST /3, POST /3; exit 0'
[ "$(cat seen)" = "$(printf '%s\n' "curl: $twice" 'curl, each by itself: POST /1, POST /2, POST /3; exit 52' "pycurl: $twice")" ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
