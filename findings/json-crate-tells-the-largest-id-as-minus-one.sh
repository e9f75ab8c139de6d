#!/usr/bin/env bash
# The crate json tells the ID 2^64 - 1 as -1 to who asks for an i64, and writes IDs from 2^64 on with another last digit.
#
# Guess: as_i64 of what is above 2^63 - 1 is None, as as_u64 of a negative number is; a number of 20 digits is written as it was read.
# What was seen: as_i64 casts: 2^64 - 1 is -1 (so is as_i32), 2^63 + 1 a negative number. From 2^64 on the digits that do not fit are
#   dropped and written as zeros, without an exponent: one cannot see it, and neighbours are equal.
# Seen with json 0.12.4, Rust 1.95, 2026-12-01:
#   18446744073709551615: as_u64 Some(18446744073709551615), as_i64 Some(-1), as_i32 Some(-1), written 18446744073709551615
#   9223372036854775809: as_u64 Some(9223372036854775809), as_i64 Some(-9223372036854775807), as_i32 None, written 9223372036854775809
#   18446744073709551616: as_u64 None, as_i64 None, as_i32 None, written 18446744073709551610
#   18446744073709551619: as_u64 None, as_i64 None, as_i32 None, written 18446744073709551610
#   the last two are equal: true
# Why it matters here: -1 and -9223372036854775807 are IDs that look like an error code and like another row. IDs of 128 bits written
#   as numbers come out of such a program as others, still 20 digits long.
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
json = "=0.12.4"
TOML
cat >src/main.rs <<'RS'
fn main() {
    for text in ["18446744073709551615", "9223372036854775809", "18446744073709551616", "18446744073709551619"] {
        let number = json::parse(text).unwrap();
        println!("{text}: as_u64 {:?}, as_i64 {:?}, as_i32 {:?}, written {}", number.as_u64(), number.as_i64(), number.as_i32(), number.dump());
    }
    let [one, other] = ["18446744073709551616", "18446744073709551619"].map(|text| json::parse(text).unwrap());
    println!("the last two are equal: {}", one == other);
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q >/dev/null 2>&1 || exit 2
"${CARGO_TARGET_DIR:-$work/target}/debug/seen" | tee said
diff said - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
18446744073709551615: as_u64 Some(18446744073709551615), as_i64 Some(-1), as_i32 Some(-1), written 18446744073709551615
9223372036854775809: as_u64 Some(9223372036854775809), as_i64 Some(-9223372036854775807), as_i32 None, written 9223372036854775809
18446744073709551616: as_u64 None, as_i64 None, as_i32 None, written 18446744073709551610
18446744073709551619: as_u64 None, as_i64 None, as_i32 None, written 18446744073709551610
the last two are equal: true
SEEN
