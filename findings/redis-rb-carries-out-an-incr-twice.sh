#!/usr/bin/env bash
# redis-rb sends an INCR again when the answer is lost with the connection: the counter moves by two. phpredis and Predis raise.
#
# Guess: redis-rb connects again for a command that could not be sent; one that was sent and has no answer raises ConnectionError.
# What was seen: by default (reconnect_attempts: 1) the command is sent once more on a new connection, whatever it is. `reconnect_attempts: 0`
#   and `without_reconnect` raise, as both clients of PHP do.
# Seen with redis-rb 4.8.0, Ruby 3.1.2, phpredis 5.3.7, Predis 1.1.10, PHP 8.2.36 (all Debian 12), 2026-12-01; the first answer is lost:
#   redis-rb: told 2, carried out 2 times
#   redis-rb, reconnect_attempts 0: Redis::ConnectionError, carried out 1 times
#   phpredis: RedisException, carried out 1 times
#   Predis: Predis\Connection\ConnectionException, carried out 1 times
# Why it matters here: with a number that must have no gap, or a counter of what was sold, one restart of the server or a proxy counts twice.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
unpack ruby3.1 libruby3.1 ruby-rubygems rubygems-integration ruby-redis php8.2-cli php8.2-common php8.2-igbinary php8.2-redis php-predis \
  libargon2-1 libsodium23 libxml2 libicu72 libgmp10
cat >server.py <<'PY'
import socketserver

# Counts each INCR by its key, hangs up on the first of each, and answers the others.
counts = {}

class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.rfile.readline():
            words = []
            for _ in range(int(head[1:])):
                self.rfile.readline()
                words.append(self.rfile.readline().strip().decode().lower())
            if words[0] == "get":
                text = str(counts.get(words[1], 0)).encode()
                self.wfile.write(b"$%d\r\n%s\r\n" % (len(text), text))
            elif words[0] == "incr":
                counts[words[1]] = counts.get(words[1], 0) + 1
                if counts[words[1]] == 1:
                    return
                self.wfile.write(b":%d\r\n" % counts[words[1]])
            else:
                self.wfile.write(b"+OK\r\n")

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

with Server(("127.0.0.1", 0), Connection) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
PY
cat >seen.rb <<'RB'
require "redis"
[["redis-rb", {}], ["redis-rb, reconnect_attempts 0", { reconnect_attempts: 0 }]].each_with_index do |(name, options), key|
  told = begin
    "told #{Redis.new(port: ARGV[0].to_i, **options).incr(key)}"
  rescue Redis::BaseError => e
    e.class
  end
  puts "#{name}: #{told}, carried out #{Redis.new(port: ARGV[0].to_i).get(key)} times"
end
RB
cat >seen.php <<'PHP'
<?php
require 'Predis/autoload.php';
$connect = [
    'phpredis' => function () use ($argv) {
        $redis = new Redis();
        $redis->connect('127.0.0.1', (int) $argv[1]);
        return $redis;
    },
    'Predis' => fn () => new Predis\Client("tcp://127.0.0.1:$argv[1]"),
];
foreach ($connect as $name => $new) {
    try {
        $told = 'told ' . $new()->incr($name);
    } catch (Exception $e) {
        $told = get_class($e);
    }
    echo "$name: $told, carried out {$new()->get($name)} times\n";
}
PHP
python3 server.py >port &
running+=($!)
until [ -s port ]; do kill -0 "${running[0]}" || exit 2; sleep 0.1; done
ruby() { LD_LIBRARY_PATH=$libraries RUBYLIB=$(echo root/usr/share/rubygems-integration/all/gems/redis-*/lib):root/usr/lib/ruby/vendor_ruby:root/usr/lib/ruby/3.1.0:$libraries/ruby/3.1.0 \
  root/usr/bin/ruby3.1 "$@"; }
php() { LD_LIBRARY_PATH=$libraries root/usr/bin/php8.2 -n -d extension_dir="$work/root/usr/lib/php/20220829" -d include_path="$work/root/usr/share/php" \
  -d extension=igbinary -d extension=redis "$@"; }
ruby -e 'require "redis"' && php -r 'exit(class_exists("Redis") ? 0 : 1);' || exit 2
{ ruby seen.rb "$(cat port)" && php seen.php "$(cat port)"; } >seen || { cat seen; exit 1; }
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
redis-rb: told 2, carried out 2 times
redis-rb, reconnect_attempts 0: Redis::ConnectionError, carried out 1 times
phpredis: RedisException, carried out 1 times
Predis: Predis\Connection\ConnectionException, carried out 1 times
SEEN
