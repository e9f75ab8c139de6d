#!/usr/bin/env bash
# serde_yaml writes IDs like 190e4567 and 12:30:45 without quotes: for the readers of other languages they're infinite, or numbers.
#
# Guess: strings of digits are quoted, so an ID comes out of other readers as the string that it was.
# What was seen: what is no finite number for Rust stays bare. js-yaml 4 and yaml take 190e4567 (one random hex ID of 8 digits in
#   120 has such a form) for Infinity (js-yaml 5 does not); PyYAML reads 12:30:45 to the base of 60, and
#   1_000 as 1000.
# Seen with serde_yaml 0.9.34 (serde_yaml_ng 0.10.0 and serde_norway 0.9.42 write the same), js-yaml 4.1.1, yaml 2.9.1, PyYAML 6.0.3,
# Rust 1.95, 2026-12-01:
#   written: - '0123' - '1e5' - 190e4567 - 7550e8400 - 12:30:45 - 1_000
#   js-yaml: [ '0123', '1e5', Infinity, Infinity, '12:30:45', 1000 ]
#   yaml: [ '0123', '1e5', Infinity, Infinity, '12:30:45', '1_000' ]
#   PyYAML: ['0123', '1e5', '190e4567', '7550e8400', 45045, 1000]
# Why it matters here: two IDs that are both Infinity are one. A file with such IDs must be written with quotes throughout.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program in cargo python3 npm; do command -v $program >/dev/null || { echo "needs $program" >&2; exit 2; }; done
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q pyyaml==6.0.3 >/dev/null 2>&1 || exit 2
npm install --silent --no-audit --no-fund js-yaml@4.1.1 yaml@2.9.1 >/dev/null 2>&1 || exit 2
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "seen"
version = "0.1.0"
edition = "2021"
[dependencies]
serde_yaml = "=0.9.34"
TOML
cat >src/main.rs <<'RS'
fn main() {
    print!("{}", serde_yaml::to_string(&["0123", "1e5", "190e4567", "7550e8400", "12:30:45", "1_000"]).unwrap());
}
RS
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}" cargo build -q >/dev/null 2>&1 || exit 2
"${CARGO_TARGET_DIR:-$work/target}/debug/seen" >ids.yaml
cat >read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { parse } from 'yaml';
const text = readFileSync('ids.yaml', 'utf8');
console.log('js-yaml:', load(text));
console.log('yaml:', parse(text));
JS
{
  echo "written: $(paste -sd ' ' ids.yaml)"
  node read.mjs
  echo "PyYAML: $(venv/bin/python -c "import yaml; print(yaml.safe_load(open('ids.yaml')))")"
} | tee seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
written: - '0123' - '1e5' - 190e4567 - 7550e8400 - 12:30:45 - 1_000
js-yaml: [ '0123', '1e5', Infinity, Infinity, '12:30:45', 1000 ]
yaml: [ '0123', '1e5', Infinity, Infinity, '12:30:45', '1_000' ]
PyYAML: ['0123', '1e5', '190e4567', '7550e8400', 45045, 1000]
SEEN
