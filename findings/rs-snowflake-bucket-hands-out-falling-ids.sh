#!/usr/bin/env bash
# The bucket of the crate rs-snowflake hands out its snowflakes in falling order, and none of its fast ways reads the clock.
#
# Guess: SnowflakeIdBucket draws a stock ahead, so its IDs may be some milliseconds old, but each is larger than the one before;
#   generate() puts the time of the call into the ID.
# What was seen: the bucket fills a list with rising IDs and takes them from its end: 4090 of 4091 are smaller than the one before.
#   generate() reads the clock at every 4096th call, lazy_generate() and the bucket only when they are made: two seconds later
#   their IDs still carry that moment. Only real_time_generate() does as guessed.
# Seen with rs-snowflake 0.6.0, Rust 1.95, 2026-11-30:
#   bucket: 40910 drawn, 40900 smaller than the one before
#   drawn 2 s after it was made, the ID is behind the clock by: generate 2 s, lazy_generate 2 s, bucket 2 s, real_time_generate 0 s
# Why it matters here: neither "the largest is the newest" nor the time in an ID holds for what it has written. Agents put
#   max(clock, last) into each ID (design.md) and their IDs rise.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v cargo >/dev/null || { echo "needs cargo" >&2; exit 2; }
cd "$work"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "seen"
version = "0.1.0"
edition = "2021"
[dependencies]
rs-snowflake = "=0.6.0"
TOML
cat >src/main.rs <<'RS'
use snowflake::{SnowflakeIdBucket, SnowflakeIdGenerator};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn main() {
    let mut bucket = SnowflakeIdBucket::new(1, 1);
    let drawn: Vec<i64> = (0..40_910).map(|_| bucket.get_id()).collect();
    let smaller = drawn.windows(2).filter(|pair| pair[1] < pair[0]).count();
    println!("bucket: {} drawn, {} smaller than the one before", drawn.len(), smaller);

    let mut generator = SnowflakeIdGenerator::new(1, 1);
    let mut lazy = SnowflakeIdGenerator::new(1, 1);
    let mut real_time = SnowflakeIdGenerator::new(1, 1);
    let mut stock = SnowflakeIdBucket::new(1, 1);
    std::thread::sleep(Duration::from_secs(2));
    let behind = |id: i64| (now_ms() - (id >> 22)) / 1000;
    let [of_generate, of_lazy, of_bucket, of_real_time] =
        [generator.generate(), lazy.lazy_generate(), stock.get_id(), real_time.real_time_generate()].map(behind);
    println!(
        "drawn 2 s after it was made, the ID is behind the clock by: generate {of_generate} s, lazy_generate {of_lazy} s, bucket {of_bucket} s, real_time_generate {of_real_time} s"
    );
    let stale = of_generate >= 1 && of_lazy >= 1 && of_bucket >= 1 && of_real_time < of_generate;
    std::process::exit(if smaller == 40_900 && stale { 0 } else { 1 });
}
RS
CARGO_TARGET_DIR="$work/target" cargo build -q >/dev/null 2>&1 || exit 2
target/debug/seen || { echo "behaves otherwise now" >&2; exit 1; }
