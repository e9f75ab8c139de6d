#!/usr/bin/env bash
# The crate bson rounds an ID of 64 bits if it comes as a JSON value, and refuses the same ID if it comes as a field of a struct.
#
# Guess: BSON has no unsigned numbers of 64 bits, so bson refuses an ID above 2^63 - 1 on each of its ways in.
# What was seen: serialize_to_document says that it cannot fit. Bson::try_from and Document::try_from a serde_json::Value make a
#   double of it without a word: neighbouring IDs become one, and reading the document back as u64 fails.
# Seen with bson 3.1.0 (the feature serde_json-1), Rust 1.95, 2026-12-01, for the ID 10000000000000000001:
#   of a struct: refused
#   of a JSON value: Double(1e19), the same as of the ID after it: true
#   read back as u64: refused
# Why it matters here: a request's JSON body goes into MongoDB as it comes. Such IDs (the top bit of a Snowflake-like number, a
#   BIGINT UNSIGNED, a hash) are stored as what up to 2,048 of them share; _id then says "duplicate" or updates another's document.
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
bson = { version = "=3.1.0", features = ["serde", "serde_json-1"] }
serde = { version = "=1.0.229", features = ["derive"] }
serde_json = "=1.0.154"
TOML
cat >src/main.rs <<'RS'
use bson::{deserialize_from_document, serialize_to_document, Bson, Document};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
struct Row {
    id: u64,
}

fn word<T, E>(result: Result<T, E>) -> &'static str {
    if result.is_ok() { "taken" } else { "refused" }
}

fn main() {
    let id = 10_000_000_000_000_000_001;
    let of_json = |id: u64| Bson::try_from(json!({ "id": id })).ok().and_then(|row| row.as_document().cloned()).unwrap_or_default();
    let document: Document = of_json(id);
    let same = document == of_json(id + 1);
    println!("of a struct: {}", word(serialize_to_document(&Row { id })));
    println!("of a JSON value: {:?}, the same as of the ID after it: {same}", document.get("id").unwrap_or(&Bson::Null));
    println!("read back as u64: {}", word(deserialize_from_document::<Row>(document)));
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q --message-format=short >/dev/null 2>&1 || exit 2
"${CARGO_TARGET_DIR:-$work/target}/debug/seen" | tee said
diff said - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
of a struct: refused
of a JSON value: Double(1e19), the same as of the ID after it: true
read back as u64: refused
SEEN
