#!/usr/bin/env bash
# One hexadecimal ID in 1,300 that PyYAML writes is another value to readers of YAML 1.2: a float, and mostly Infinity.
#
# Guess: a writer quotes a string that any reader in use could take for a number, and so an ID comes back as it was written.
# What was seen: PyYAML quotes what YAML 1.1 takes for a number. There a float needs a point, so digits with one `e` among them stay
#   bare, and in YAML 1.2 they are a float. Of IDs of 16 hexadecimal digits that is one in 1,300. The package yaml reads all of these as
#   numbers, and js-yaml those that are finite. PyYAML itself reads all of them back.
# Seen with PyYAML 6.0.4, js-yaml 5.5.0, yaml 2.9.1, Python 3.11, Node 20.20, 2026-12-01:
#   100000 IDs written by PyYAML
#   read by PyYAML: 0 changed
#   read by js-yaml: 17 changed, first 5418106736065e21 to 5.418106736065e+33
#   read by yaml: 70 changed, first 237475e120087497 to Infinity
# Why it matters here: IDs in hexadecimal or base 36 that go through YAML (fixtures, Helm values, Ansible) need quotes that the
#   writer does not set.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts js-yaml@5.5.0 yaml@2.9.1 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q pyyaml==6.0.4 >/dev/null 2>&1 || exit 2
cat >write.py <<'PY'
import json, random, yaml
draw = random.Random(1)
ids = [f'{draw.getrandbits(64):016x}' for _ in range(100_000)]
text = yaml.safe_dump(ids)
open('ids.json', 'w').write(json.dumps(ids))
open('ids.yaml', 'w').write(text)
print(f'{len(ids)} IDs written by PyYAML')
print(f'read by PyYAML: {sum(a != b for a, b in zip(ids, yaml.safe_load(text)))} changed')
PY
cat >read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { parse } from 'yaml';
const ids = JSON.parse(readFileSync('ids.json', 'utf8'));
const text = readFileSync('ids.yaml', 'utf8');
for (const [name, read] of [['js-yaml', load], ['yaml', parse]]) {
  const got = read(text);
  const changed = ids.flatMap((id, at) => (got[at] === id ? [] : [[id, got[at]]]));
  console.log(`read by ${name}: ${changed.length} changed, first ${changed[0]?.join(' to ')}`);
}
JS
venv/bin/python write.py >seen && node read.mjs >>seen || exit 1
cat seen
diff seen - <<'SEEN'
100000 IDs written by PyYAML
read by PyYAML: 0 changed
read by js-yaml: 17 changed, first 5418106736065e21 to 5.418106736065e+33
read by yaml: 70 changed, first 237475e120087497 to Infinity
SEEN
