#!/usr/bin/env bash
# The crate snowflake_uid repeats IDs in a plain loop, in one thread, with a clock that only goes forward.
#
# Guess: when the sequence of a millisecond is used up, it waits for the next one and goes on there, as its documentation says.
# What was seen: it sleeps, and then starts the sequence anew with the millisecond from before it slept. One ID for each time that the
#   sequence runs out is a second one (with a fast machine, each millisecond). Half of the sequence's numbers are never used.
# Seen with snowflake_uid 0.1.1, Rust 1.95, 2026-12-01:
#   200000 drawn, some of them twice: true (about 360 here)
#   20000 drawn with a pause after each 300, some of them twice: false
# Why it matters here: under load, two rows get one ID, the more the faster the machine. Agents never give a number of a millisecond that
#   they have left.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v cargo >/dev/null || { echo "needs cargo" >&2; exit 2; }
cd "$work" || exit 2
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "seen"
version = "0.1.0"
edition = "2021"
[dependencies]
snowflake_uid = "=0.1.1"
TOML
cat >src/main.rs <<'RS'
use snowflake_uid::{Config, Generator};
use std::collections::HashSet;

const COUNT: usize = 200_000;

fn main() {
    let mut generator = Generator::from(Config::default(), 12);
    let fast: HashSet<u64> = (0..COUNT).map(|_| generator.get()).collect();
    println!("{COUNT} drawn, some of them twice: {}", fast.len() < COUNT);
    eprintln!("({} twice)", COUNT - fast.len());
    let mut generator = Generator::from(Config::default(), 12);
    let mut slow = HashSet::new();
    for drawn in 0..COUNT / 10 {
        slow.insert(generator.get());
        if drawn % 300 == 299 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
    println!("{} drawn with a pause after each 300, some of them twice: {}", COUNT / 10, slow.len() < COUNT / 10);
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q --release >/dev/null 2>&1 || exit 2
"${CARGO_TARGET_DIR:-$work/target}/release/seen" | tee said
diff said - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
200000 drawn, some of them twice: true
20000 drawn with a pause after each 300, some of them twice: false
SEEN
