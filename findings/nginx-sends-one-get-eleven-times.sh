#!/usr/bin/env bash
# nginx sends one GET eleven times to the only server behind it, although proxy_next_upstream_tries is 1.
#
# Guess: with one server and `proxy_next_upstream_tries 1` a request reaches it once.
# What was seen: a try on a kept connection that ends without an answer does not count. nginx takes the next idle connection, and
#   the next, then a new one: ten idle connections make eleven requests out of one. `proxy_next_upstream off` stops it; a POST is
#   sent once.
# Seen with nginx 1.22.1 (Debian 12), 2026-11-30:
#   GET, 10 idle connections, tries 1: sent 11 times, answered 502
#   POST, 10 idle connections, tries 1: sent 1 times, answered 502
#   GET, 10 idle connections, next_upstream off: sent 1 times, answered 502
# Why it matters here: an agent that counts and then goes away gives one caller's GET as many IDs as nginx has connections to it.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack nginx
cat >server.py <<'PY'
import socketserver, sys, threading

# Answers until ten connections have each had one request; then it takes requests, counts them, and hangs up.
ten = threading.Barrier(10)

class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        for turn in range(2):
            head = self.rfile.readline().decode()
            while self.rfile.readline().strip():
                pass
            if not head:
                return
            if "/warm" not in head:
                print("request", flush=True)
                return
            ten.wait()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 50

with Server(("127.0.0.1", 0), Connection) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
PY
ask() {
  local method=$1 limit=$2 front=$((20000 + RANDOM % 10000))
  : >log
  python3 server.py >log &
  local server=$!
  until [ -s log ]; do kill -0 $server || exit 2; sleep 0.1; done
  cat >nginx.conf <<CONF
daemon off; master_process off; pid $work/pid; error_log $work/error.log;
events {}
http {
  access_log off; client_body_temp_path $work/1; proxy_temp_path $work/2; fastcgi_temp_path $work/3; uwsgi_temp_path $work/4; scgi_temp_path $work/5;
  upstream ids { server 127.0.0.1:$(head -1 log); keepalive 16; }
  server { listen 127.0.0.1:$front; location / { proxy_pass http://ids; proxy_http_version 1.1; proxy_set_header Connection ""; $limit; } }
}
CONF
  root/usr/sbin/nginx -p "$work" -c "$work/nginx.conf" 2>/dev/null &
  local nginx=$!
  running=($server $nginx)
  listening $front
  local warm=()
  for _ in $(seq 10); do curl -s "127.0.0.1:$front/warm" & warm+=($!); done
  wait "${warm[@]}"
  local code
  code=$(curl -s -o /dev/null -w '%{http_code}' -X "$method" "127.0.0.1:$front/id")
  echo "$method, 10 idle connections, ${limit#proxy_next_upstream_}: sent $(grep -c request log) times, answered $code"
  { kill $nginx $server; wait $nginx $server; } 2>/dev/null
  running=()
}
{
  ask GET 'proxy_next_upstream_tries 1'
  ask POST 'proxy_next_upstream_tries 1'
  ask GET 'proxy_next_upstream off'
} >all
sed 's/proxy_//' all | tee seen
[ "$(cat seen)" = "$(printf '%s\n' 'GET, 10 idle connections, tries 1: sent 11 times, answered 502' \
  'POST, 10 idle connections, tries 1: sent 1 times, answered 502' 'GET, 10 idle connections, next_upstream off: sent 1 times, answered 502')" ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
