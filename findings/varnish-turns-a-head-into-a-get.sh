#!/usr/bin/env bash
# Varnish asks the server by GET when a client sends HEAD, also for answers that it may not keep.
#
# Guess: HEAD is passed on as HEAD, or turned into GET once, to fill the cache; what is `Cache-Control: no-store` cannot fill it.
# What was seen: each HEAD becomes a GET, again and again, and its body is thrown away. The server never sees a HEAD that it could
#   refuse. Only `return (pass)` in vcl_recv sends HEAD on.
# Seen with varnish 7.1.1 (Debian 12), 2026-11-30:
#   default VCL: three HEAD: 200 200 200; the server saw GET GET GET
#   pass: three HEAD: 405 405 405; the server saw HEAD HEAD HEAD
# Why it matters here: the doors answer HEAD with 405 so that a monitor burns no ID; behind Varnish each of its probes draws one.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
command -v gcc >/dev/null || { echo "needs gcc, as Varnish does" >&2; exit 2; }
unpack varnish libvarnishapi3
cat >server.py <<'PY'
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Counts up for each GET, lets no cache keep the number, and answers no HEAD.
class Ids(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    last = 0

    def do_GET(self):
        print("GET", flush=True)
        Ids.last += 1
        self.answer(200, str(Ids.last).encode())

    def do_HEAD(self):
        print("HEAD", flush=True)
        self.answer(405, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Ids)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 server.py >>log &
running+=($!)
until [ -s log ]; do kill -0 "${running[0]}" || exit 2; sleep 0.1; done
behind="vcl 4.1; backend default { .host = \"127.0.0.1\"; .port = \"$(head -1 log)\"; }"
echo "$behind" >default.vcl
echo "$behind sub vcl_recv { return (pass); }" >pass.vcl
port=$((20000 + RANDOM % 10000))
for name in default pass; do
  mkdir $name
  LD_LIBRARY_PATH=$libraries:$libraries/varnish root/usr/sbin/varnishd -F -n "$work/$name" -a 127.0.0.1:$port -f "$work/$name.vcl" -s malloc,10M \
    -p "cc_command=exec gcc -O0 -fpic -shared -o %o %s -I$work/root/usr/include/varnish" >$name.log 2>&1 &
  running+=($!)
  listening $port
  echo START >>log
  codes=
  for _ in 1 2 3; do codes+=" $(curl -sI -o /dev/null -w '%{http_code}' "127.0.0.1:$port/id")"; done
  echo "${name/default/default VCL}: three HEAD:$codes; the server saw $(tac log | sed '/START/,$d' | xargs)"
  port=$((port + 1))
done >seen
cat seen
[ "$(cat seen)" = "$(printf '%s\n' 'default VCL: three HEAD: 200 200 200; the server saw GET GET GET' \
  'pass: three HEAD: 405 405 405; the server saw HEAD HEAD HEAD')" ] || { echo "behaves otherwise now" >&2; exit 1; }
