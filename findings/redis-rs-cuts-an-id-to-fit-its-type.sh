#!/usr/bin/env bash
# The crate redis cuts an INCR's number to the type that it is read as, without an error; of a GET it refuses the same number.
#
# Guess: a number that does not fit the type is an error, as with a GET, std's TryFrom, serde, sqlx: no u32 comes of 2^32 + 5.
# What was seen: integers of RESP are cast (`as`). INCR at 2^32 + 5 read as u32 or i32 is 5, the ID of another row; -1 read as u64 is
#   2^64 - 1. GET answers in text and is parsed: an error.
# Seen with redis 1.8.1, Rust 1.95, redis-server 7.0.15 (Debian 12), 2026-12-01, at the number 4294967301:
#   INCR as i64: 4294967301
#   INCR as u32: 5
#   INCR as i32: 5
#   GET as u32: refused
#   DECR to -1 as u64: 18446744073709551615
# Why it matters here: a counter that passes 2^31 or 2^32, or is moved onto numbers of 64 bits, goes on from 1 for a program that
#   reads it as u32: IDs are given again, and nothing fails.
set -uo pipefail
work=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
for program in cargo redis-server redis-cli; do command -v $program >/dev/null || { echo "needs $program" >&2; exit 2; }; done
cd "$work" || exit 2
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "seen"
version = "0.1.0"
edition = "2021"
[dependencies]
redis = { version = "=1.8.1", default-features = false }
TOML
cat >src/main.rs <<'RS'
use redis::{Commands, Connection, FromRedisValue, RedisResult};

fn say<T: FromRedisValue + ToString>(call: &str, ask: impl Fn(&mut Connection) -> RedisResult<T>, start: i64, redis: &mut Connection) {
    let _: () = redis.set("n", start).unwrap();
    println!("{call}: {}", ask(redis).map_or("refused".into(), |number| number.to_string()));
}

fn main() {
    let url = format!("redis://127.0.0.1:{}", std::env::args().nth(1).unwrap());
    let redis = &mut redis::Client::open(url).unwrap().get_connection().unwrap();
    let before = (1 << 32) + 4;
    say::<i64>("INCR as i64", |redis| redis.incr("n", 1), before, redis);
    say::<u32>("INCR as u32", |redis| redis.incr("n", 1), before, redis);
    say::<i32>("INCR as i32", |redis| redis.incr("n", 1), before, redis);
    say::<u32>("GET as u32", |redis| redis.get("n"), before + 1, redis);
    say::<u64>("DECR to -1 as u64", |redis| redis.decr("n", 1), 0, redis);
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q >/dev/null 2>&1 || exit 2
port=$((20000 + RANDOM % 10000))
redis-server --port $port --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
server=$!
until redis-cli -p $port ping >/dev/null 2>&1; do kill -0 $server || exit 2; sleep 0.1; done
"${CARGO_TARGET_DIR:-$work/target}/debug/seen" $port | tee said
diff said - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
INCR as i64: 4294967301
INCR as u32: 5
INCR as i32: 5
GET as u32: refused
DECR to -1 as u64: 18446744073709551615
SEEN
