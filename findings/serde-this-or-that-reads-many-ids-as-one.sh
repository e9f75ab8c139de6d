#!/usr/bin/env bash
# as_u64 of serde-this-or-that reads what is no ID as 0, what is too large as 2^64 - 1, and fractions as the next ID.
#
# Guess: it takes a number or a string of digits, exactly, and refuses what is negative, empty, broken or beyond u64.
# What was seen: "-1", "" and null are 0; a number or a string beyond 2^64 - 1 is 2^64 - 1; 1.5 is 2. 9007199254740993.0 is ...994 as a
#   number and ...992 as a string. Only the number -1 is refused.
# Seen with serde-this-or-that 0.5.0, serde_json 1.0.154, Rust 1.95, 2026-12-01:
#   "-1": 0
#   -1: refused
#   "": 0
#   null: 0
#   18446744073709551616: 18446744073709551615
#   "99999999999999999999": 18446744073709551615
#   9007199254740993.0: 9007199254740994
#   "9007199254740993.0": 9007199254740992
#   1.5: 2
# Why it matters here: it is there for IDs that come once as a string and once as a number. All that is wrong becomes one of two valid
#   IDs, and what was asked for by "-1" or "" is done to the row 0.
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
serde-this-or-that = "=0.5.0"
serde_json = "=1.0.154"
TOML
cat >src/main.rs <<'RS'
fn main() {
    for text in [r#""-1""#, "-1", r#""""#, "null", "18446744073709551616", r#""99999999999999999999""#, "9007199254740993.0", r#""9007199254740993.0""#, "1.5"] {
        let id = serde_this_or_that::as_u64(&mut serde_json::Deserializer::from_str(text));
        println!("{text}: {}", id.map_or("refused".into(), |id| id.to_string()));
    }
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q >/dev/null 2>&1 || exit 2
"${CARGO_TARGET_DIR:-$work/target}/debug/seen" | tee said
diff said - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
"-1": 0
-1: refused
"": 0
null: 0
18446744073709551616: 18446744073709551615
"99999999999999999999": 18446744073709551615
9007199254740993.0: 9007199254740994
"9007199254740993.0": 9007199254740992
1.5: 2
SEEN
