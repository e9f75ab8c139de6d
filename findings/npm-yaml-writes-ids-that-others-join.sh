#!/usr/bin/env bash
# The npm package yaml writes the string 12_3 without quotes, and libraries of Python and Go read the number 123 in it, as in 1_23.
#
# Guess: a writer quotes what a reader may take for a number; underscores in numbers are for none of them or for all.
# What was seen: in YAML 1.2, which yaml writes, 12_3 is a string; PyYAML and both libraries of Go read numbers of YAML 1.1 too, and
#   drop the underscore. IDs of a shard and a number, or of a machine and a sequence, lose the border between them: two become one.
#   js-yaml reads the strings. With `version: '1.1'` yaml writes quotes.
# Seen with yaml 2.9.1, js-yaml 5.5.0, Node 20.20; PyYAML 6.0.2; gopkg.in/yaml.v3 3.0.1, goccy/go-yaml 1.18.0, Go 1.26, 2026-12-01:
#   js-yaml: string 12_3, string 1_23
#   PyYAML: int 123, int 123
#   go-yaml: int 123, int 123
#   goccy: uint64 123, uint64 123
# Why it matters here: a file of IDs that two languages share holds one ID twice for one of them.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts js-yaml@5.5.0 yaml@2.9.1 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q PyYAML==6.0.2 >/dev/null 2>&1 || exit 2
go mod init seen >/dev/null 2>&1 || exit 2
go get gopkg.in/yaml.v3@v3.0.1 github.com/goccy/go-yaml@v1.18.0 >/dev/null 2>&1 || exit 2
cat >seen.cjs <<'JS'
const text = require('yaml').stringify({ ids: ['12_3', '1_23'] });
require('node:fs').writeFileSync('ids.yaml', text);
console.log(`js-yaml: ${require('js-yaml').load(text).ids.map((id) => `${typeof id} ${id}`).join(', ')}`);
JS
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"os"

	goccy "github.com/goccy/go-yaml"
	"gopkg.in/yaml.v3"
)

func tell(name string, read func([]byte, any) error) {
	text, _ := os.ReadFile("ids.yaml")
	var into map[string][]any
	if err := read(text, &into); err != nil {
		panic(err)
	}
	ids := into["ids"]
	fmt.Printf("%s: %T %v, %T %v\n", name, ids[0], ids[0], ids[1], ids[1])
}

func main() {
	tell("go-yaml", yaml.Unmarshal)
	tell("goccy", func(text []byte, into any) error { return goccy.Unmarshal(text, into) })
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
{
  node seen.cjs && venv/bin/python -c 'import yaml
print("PyYAML:", ", ".join(f"{type(id).__name__} {id}" for id in yaml.safe_load(open("ids.yaml"))["ids"]))' && ./of-go
} >seen || exit 1
cat seen
diff seen - <<'SEEN'
js-yaml: string 12_3, string 1_23
PyYAML: int 123, int 123
go-yaml: int 123, int 123
goccy: uint64 123, uint64 123
SEEN
