#!/usr/bin/env bash
# If any crate of a program turns serde_json's feature arbitrary_precision on, IDs in a Value become maps in other formats.
#
# Guess: the feature keeps digits beyond 64 bits; an ID of 53 or 64 bits in a serde_json::Value stays an integer in MessagePack, CBOR,
#   TOML and YAML.
# What was seen: each number is handed on as a struct with a private name, so the four write a map with one string in it, without an
#   error, and a reader that expects a u64 fails. Cargo turns it on for the whole program.
# Seen with serde_json 1.0.154, rmp-serde 1.3.1, ciborium 0.2.2, toml 1.2.2, serde_yaml 0.9.34, Rust 1.95, 2026-12-01, for the
# Value {"id":9007199254740993}:
#   MessagePack: a map in place of the ID, read as u64: refused
#   CBOR: a map in place of the ID, read as u64: refused
#   TOML: a map in place of the ID, read as u64: refused
#   YAML: a map in place of the ID, read as u64: refused
# Why it matters here: a dependency added for something else changes what a queue or a cache holds of each ID, and the reader, in
#   another program, is who fails.
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
serde_json = { version = "=1.0.154", features = ["arbitrary_precision"] }
rmp-serde = "=1.3.1"
ciborium = "=0.2.2"
toml = "=1.2.2"
serde_yaml = "=0.9.34"
TOML
cat >src/main.rs <<'RS'
use std::collections::BTreeMap;

type Row = BTreeMap<String, u64>;

fn say<E>(format: &str, written: &[u8], read: Result<Row, E>) {
    let map = String::from_utf8_lossy(written).contains("$serde_json::private::Number");
    let what = if map { "a map in place of the ID" } else { "the ID" };
    println!("{format}: {what}, read as u64: {}", if read.is_ok() { "taken" } else { "refused" });
}

fn main() {
    let row: serde_json::Value = serde_json::from_str(r#"{"id":9007199254740993}"#).unwrap();
    let packed = rmp_serde::to_vec_named(&row).unwrap();
    say("MessagePack", &packed, rmp_serde::from_slice(&packed));
    let mut cbor = Vec::new();
    ciborium::into_writer(&row, &mut cbor).unwrap();
    say("CBOR", &cbor, ciborium::from_reader(&cbor[..]));
    let toml = toml::to_string(&row).unwrap();
    say("TOML", toml.as_bytes(), toml::from_str(&toml));
    let yaml = serde_yaml::to_string(&row).unwrap();
    say("YAML", yaml.as_bytes(), serde_yaml::from_str(&yaml));
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q >/dev/null 2>&1 || exit 2
"${CARGO_TARGET_DIR:-$work/target}/debug/seen" | tee said
diff said - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
MessagePack: a map in place of the ID, read as u64: refused
CBOR: a map in place of the ID, read as u64: refused
TOML: a map in place of the ID, read as u64: refused
YAML: a map in place of the ID, read as u64: refused
SEEN
