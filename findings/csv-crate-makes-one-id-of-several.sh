#!/usr/bin/env bash
# The crate csv turns IDs that are text into numbers if the row is read into serde_json's Value: 0017, 17 and +17 become one ID.
#
# Guess: a CSV field has no type, so it becomes a string, or a number only if the number is written back as the same text.
# What was seen: what Rust's parse takes is a number: leading zeros and the sign go, hex IDs with an e among digits become floats, inf
#   is null, 2^64 fails the row. (0x11 stays text.)
# Seen with csv 1.4.0, serde_json 1.0.154, Rust 1.95, 2026-12-01:
#   0017: 17
#   17: 17
#   +17: 17
#   1e5: 100000.0
#   9007199254740993.0: 9007199254740992.0
#   12345678e9: 1.2345678e+16
#   inf: null
#   0x11: "0x11"
#   18446744073709551616: refused
#   90071992547409930e0: 9.007199254740994e+16
# Why it matters here: of random hex IDs of 8 digits one in 27 has only digits, or one e among them. A CSV of such
#   IDs, turned into JSON lines, has rows with another's ID, rows without one, and a type that changes from row to row.
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
csv = "=1.4.0"
serde_json = "=1.0.154"
TOML
cat >src/main.rs <<'RS'
use serde_json::Value;
use std::collections::BTreeMap;

fn main() {
    for id in ["0017", "17", "+17", "1e5", "9007199254740993.0", "12345678e9", "inf", "0x11", "18446744073709551616", "90071992547409930e0"] {
        let text = format!("id\n{id}\n");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let row = reader.deserialize::<BTreeMap<String, Value>>().next().unwrap();
        println!("{id}: {}", row.map_or("refused".into(), |row| row["id"].to_string()));
    }
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q >/dev/null 2>&1 || exit 2
"${CARGO_TARGET_DIR:-$work/target}/debug/seen" | tee said
diff said - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
0017: 17
17: 17
+17: 17
1e5: 100000.0
9007199254740993.0: 9007199254740992.0
12345678e9: 1.2345678e+16
inf: null
0x11: "0x11"
18446744073709551616: refused
90071992547409930e0: 9.007199254740994e+16
SEEN
