#!/usr/bin/env bash
# The crate toml writes IDs above 2^63 - 1 that its own Table and Value do not read.
#
# Guess: TOML's integers have 64 bits with a sign, so toml refuses a larger u64, and in the same way when it writes and when it reads.
# What was seen: to_string writes it and from_str reads it into a u64. Parsed as a toml::Table, the same text is an error, and so is the
#   number made a toml::Value.
# Seen with toml 1.2.2, Rust 1.95, 2026-12-01:
#   written: id = 18446744073709551615
#   read as a map of u64: taken
#   read as toml::Table: refused
#   made a toml::Value: refused
# Why it matters here: a file of a program's own (a checkpoint, the last ID given) is read back by a typed struct and not by the tools
#   that edit it as a table, or not until an ID has the top bit set.
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
toml = "=1.2.2"
TOML
cat >src/main.rs <<'RS'
use std::collections::BTreeMap;

fn word<T, E>(result: Result<T, E>) -> &'static str {
    if result.is_ok() { "taken" } else { "refused" }
}

fn main() {
    let id = u64::MAX;
    let written = toml::to_string(&BTreeMap::from([("id", id)])).unwrap_or_else(|_| "refused\n".into());
    print!("written: {written}");
    println!("read as a map of u64: {}", word(toml::from_str::<BTreeMap<String, u64>>(&written)));
    println!("read as toml::Table: {}", word(written.parse::<toml::Table>()));
    println!("made a toml::Value: {}", word(toml::Value::try_from(id)));
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q >/dev/null 2>&1 || exit 2
"${CARGO_TARGET_DIR:-$work/target}/debug/seen" | tee said
diff said - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
written: id = 18446744073709551615
read as a map of u64: taken
read as toml::Table: refused
made a toml::Value: refused
SEEN
