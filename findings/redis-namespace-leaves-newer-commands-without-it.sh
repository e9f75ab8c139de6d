#!/usr/bin/env bash
# redis-namespace sends GETDEL, XADD, COPY and LMOVE of redis-rb without the namespace: they miss one's own keys and act on others'.
#
# Guess: each command that redis-rb has a method for gets the namespace, and one that redis-namespace doesn't know is refused.
# What was seen: it has a list of commands with the places of their keys. What isn't in it goes out as it is, with a warning of a deprecation on
#   stderr. GETDEL of a key that SET made is nil and the key stays, and it takes the key of the same name outside.
# Seen with ruby-redis-namespace 1.9.0, ruby-redis 4.8.0, Ruby 3.1.2, redis-server 7.0.15 (all Debian 12), 2026-12-01; namespace app:
#   set, incr, getex: keys app:k
#   set and getdel: nil, keys app:k
#   getdel beside a key k of another application: "theirs", keys app:k
#   xadd: keys k
#   set and copy: false, keys app:k
#   lpush and lmove: nil, keys app:k
# Why it matters here: a number or a token handed over by GETDEL is another application's, and one's own is handed out again.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
unpack ruby3.1 libruby3.1 ruby-rubygems rubygems-integration ruby-redis ruby-redis-namespace libgmp10
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
running+=($!)
listening $port
cat >seen.rb <<'RB'
require "redis"
require "redis-namespace"
base = Redis.new(port: ARGV[0].to_i)
app = Redis::Namespace.new(:app, redis: base)
tell = lambda do |what, shows = true, &run|
  base.flushall
  told = run.call
  puts "#{what}: #{"#{told.inspect}, " if shows}keys #{base.keys.sort.join(" ")}"
end
tell.call("set, incr, getex", false) { app.set("k", 1) && app.incr("k") && app.getex("k", ex: 60) }
tell.call("set and getdel") { app.set("k", 1) && app.getdel("k") }
tell.call("getdel beside a key k of another application") { base.set("k", "theirs") && app.set("k", 1) && app.getdel("k") }
tell.call("xadd", false) { app.xadd("k", { "id" => 1 }) }
tell.call("set and copy") { app.set("k", 1) && app.copy("k", "j") }
tell.call("lpush and lmove") { app.lpush("k", 1) && app.lmove("k", "j", "LEFT", "RIGHT") }
RB
gem=$(echo root/usr/share/rubygems-integration/all/gems/redis-[0-9]*/lib)
ruby() { LD_LIBRARY_PATH=$libraries RUBYLIB=$gem:root/usr/lib/ruby/vendor_ruby:root/usr/lib/ruby/3.1.0:$libraries/ruby/3.1.0 root/usr/bin/ruby3.1 "$@"; }
ruby -e 'require "redis"; require "redis-namespace"' 2>/dev/null || exit 2
ruby seen.rb $port >seen 2>err || { cat err; exit 1; }
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
set, incr, getex: keys app:k
set and getdel: nil, keys app:k
getdel beside a key k of another application: "theirs", keys app:k
xadd: keys k
set and copy: false, keys app:k
lpush and lmove: nil, keys app:k
SEEN
