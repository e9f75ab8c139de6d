#!/usr/bin/env bash
# fakeredis for Ruby carries out a transaction although the watched key was changed, so that tests pass where two draw the same number.
#
# Guess: WATCH works as in Redis: EXEC answers nil if somebody changed the key, since that is what WATCH is for.
# What was seen: WATCH answers OK and does nothing. INCR also goes on from "abc" as from 0 and from 2^63-1 to 2^63, where Redis refuses, and SET with
#   KEEPTTL drops the TTL of a lock.
# Seen with ruby-fakeredis 0.8.0, ruby-redis 4.8.0, Ruby 3.1.2, redis-server 7.0.15 (all Debian 12), 2026-12-01:
#   Redis: both read 7; the second's transaction: nil; the key is 8
#   Redis: INCR of "abc": refused; INCR of 2^63-1: refused; TTL after SET KEEPTTL: 50
#   fakeredis: both read 7; the second's transaction: ["OK"]; the key is 8
#   fakeredis: INCR of "abc": 1; INCR of 2^63-1: 9223372036854775808; TTL after SET KEEPTTL: -1
# Why it matters here: read, add one, write under WATCH is how numbers are drawn without INCR. The test of its retry never sees one.
set -uo pipefail
. "$(dirname "$0")/debian.sh"
command -v redis-server >/dev/null || { echo "needs Debian's redis-server" >&2; exit 2; }
unpack ruby3.1 libruby3.1 ruby-rubygems rubygems-integration ruby-redis ruby-fakeredis libgmp10
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
running+=($!)
listening $port
cat >seen.rb <<'RB'
require "redis"
require "fakeredis" if ARGV[1] == "fakeredis"
name, one, two = ARGV[1], Redis.new(port: ARGV[0].to_i), Redis.new(port: ARGV[0].to_i)
one.set("n", 7)
two.watch("n")
seen = [one.get("n"), two.get("n")]
one.set("n", seen[0].to_i + 1)
told = two.multi { |all| all.set("n", seen[1].to_i + 1) }
puts "#{name}: both read #{seen.uniq.join(" and ")}; the second's transaction: #{told.inspect}; the key is #{one.get("n")}"
incr = lambda do |text|
  one.set("n", text)
  one.incr("n")
rescue Redis::CommandError
  "refused"
end
print "#{name}: INCR of \"abc\": #{incr.call("abc")}; INCR of 2^63-1: #{incr.call(2**63 - 1)}; "
one.set("lock", "me", ex: 50)
one.set("lock", "me again", keepttl: true)
puts "TTL after SET KEEPTTL: #{one.ttl("lock")}"
RB
gem=$(echo root/usr/share/rubygems-integration/all/gems/redis-*/lib)
ruby() { LD_LIBRARY_PATH=$libraries RUBYLIB=$gem:root/usr/lib/ruby/vendor_ruby:root/usr/lib/ruby/3.1.0:$libraries/ruby/3.1.0 root/usr/bin/ruby3.1 "$@"; }
ruby -e 'require "redis"; require "fakeredis"' || exit 2
{ ruby seen.rb $port Redis && ruby seen.rb $port fakeredis; } >seen || { cat seen; exit 1; }
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
Redis: both read 7; the second's transaction: nil; the key is 8
Redis: INCR of "abc": refused; INCR of 2^63-1: refused; TTL after SET KEEPTTL: 50
fakeredis: both read 7; the second's transaction: ["OK"]; the key is 8
fakeredis: INCR of "abc": 1; INCR of 2^63-1: 9223372036854775808; TTL after SET KEEPTTL: -1
SEEN
