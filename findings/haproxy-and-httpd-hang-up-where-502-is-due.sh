#!/usr/bin/env bash
# HAProxy and Apache httpd tell a client nothing, instead of 502, when the server behind them ends a request without an answer.
#
# Guess: a reverse proxy whose server takes the request and hangs up answers 502, as nginx does.
# What was seen: on a client's first request on a connection they do. On each later one they close the client's connection without
#   a byte, so that the client takes it for a connection gone stale and repeats the request by itself: Go a GET, curl a POST too.
# Seen with haproxy 2.6.12, apache2 2.4.71, nginx 1.22.1, curl 7.88.1 (all Debian 12), 2026-11-30:
#   haproxy: first POST of a connection: 502; a later one: closed; curl's second POST reached the server 2 times
#   apache2: first POST of a connection: 502; a later one: closed; curl's second POST reached the server 2 times
#   nginx: first POST of a connection: 502; a later one: 502; curl's second POST reached the server 1 times
# Why it matters here: one call draws twice through a proxy that, by its configuration, repeats nothing.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack haproxy liblua5.3-0 libopentracing1 libopentracing-c-wrapper0 nginx apache2-bin
cat >server.py <<'PY'
import socketserver

# Answers /good, and hangs up on every other request once it has read it.
class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.rfile.readline().decode():
            length = 0
            while line := self.rfile.readline().decode().strip():
                if line.lower().startswith("content-length:"):
                    length = int(line.split(":")[1])
            self.rfile.read(length)
            path = head.split()[1]
            print(path, flush=True)
            if not path.startswith("/good"):
                return
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

with Server(("127.0.0.1", 0), Connection) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
PY
cat >client.py <<'PY'
import http.client, sys

def post(connection, path):
    try:
        connection.request("POST", path, "n=1")
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except http.client.RemoteDisconnected:
        return "closed"

def connect():
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[2]))
    connection.connect()
    connection.auto_open = 0
    return connection

first = post(connect(), "/bad")
kept = connect()
post(kept, "/good")
print(f"{sys.argv[1]}: first POST of a connection: {first}; a later one: {post(kept, '/bad')}; ", end="", flush=True)
PY
python3 server.py >log &
running+=($!)
until [ -s log ]; do kill -0 "${running[0]}" || exit 2; sleep 0.1; done
behind=127.0.0.1:$(head -1 log)
port=$((20000 + RANDOM % 10000))
cat >haproxy.cfg <<CONF
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen ids
  bind 127.0.0.1:$port
  server one $behind
CONF
cat >apache2.conf <<CONF
ServerRoot $work
PidFile $work/apache2.pid
ErrorLog $work/apache2.log
ServerName localhost
Listen 127.0.0.1:$((port + 1))
$(for module in mpm_event authz_core proxy proxy_http; do echo "LoadModule ${module}_module $work/root/usr/lib/apache2/modules/mod_$module.so"; done)
ProxyPass / http://$behind/
CONF
cat >nginx.conf <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log;
events {}
http {
  access_log off; client_body_temp_path $work/1; proxy_temp_path $work/2; fastcgi_temp_path $work/3; uwsgi_temp_path $work/4; scgi_temp_path $work/5;
  server { listen 127.0.0.1:$((port + 2)); location / { proxy_pass http://$behind; } }
}
CONF
LD_LIBRARY_PATH=$libraries root/usr/sbin/haproxy -f haproxy.cfg 2>/dev/null &
running+=($!)
LD_LIBRARY_PATH=$libraries root/usr/sbin/apache2 -f "$work/apache2.conf" -DFOREGROUND 2>/dev/null &
running+=($!)
root/usr/sbin/nginx -p "$work" -c "$work/nginx.conf" 2>/dev/null &
running+=($!)
for name in haproxy apache2 nginx; do
  listening $port
  python3 client.py $name $port || exit 2
  curl -s -o /dev/null -d n=1 "127.0.0.1:$port/good" --next -s -o /dev/null -d n=1 "127.0.0.1:$port/by-curl-$name"
  echo "curl's second POST reached the server $(grep -c "/by-curl-$name" log) times"
  port=$((port + 1))
done >seen
cat seen
hidden="first POST of a connection: 502; a later one: closed; curl's second POST reached the server 2 times"
[ "$(cat seen)" = "$(printf '%s\n' "haproxy: $hidden" "apache2: $hidden" \
  "nginx: first POST of a connection: 502; a later one: 502; curl's second POST reached the server 1 times")" ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
