#!/usr/bin/env bash
# PyYAML writes the string of an ID that was padded with zeros without quotes, and YAML libraries of JavaScript and Go read a rounded number.
#
# Guess: a writer quotes what a reader may take for a number, so a string that safe_dump writes is that string in every other language.
# What was seen: to PyYAML, 0 followed by an 8 or 9 is no octal number and so a string, which needs no quotes. To js-yaml, yaml and
#   go-yaml it is a decimal number, and beyond 2^53 a rounded one (go-yaml takes a float64 for it). Of 200 IDs padded to 20 digits, 196
#   came back as other numbers; the four others hold no 8 or 9, and PyYAML quotes them. goccy/go-yaml writes as PyYAML does.
# Seen with PyYAML 6.0.2, Python 3.11; js-yaml 5.5.0, yaml 2.9.1, Node 20.20; gopkg.in/yaml.v3 3.0.1, Go 1.26, 2026-12-01:
#   written: ids: [01469557200583646387, '01234567012345670123']
#   js-yaml: number 1469557200583646500, string 01234567012345670123
#   yaml: number 1469557200583646500, string 01234567012345670123
#   go-yaml: float64 1.4695572005836465e+18, string 01234567012345670123
# Why it matters here: padding is how the text of IDs is made to sort as they do. Such a list reads well for some IDs and not for others.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts js-yaml@5.5.0 yaml@2.9.1 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q PyYAML==6.0.2 >/dev/null 2>&1 || exit 2
go mod init seen >/dev/null 2>&1 && go get gopkg.in/yaml.v3@v3.0.1 >/dev/null 2>&1 || exit 2
venv/bin/python -c 'import yaml
print(yaml.safe_dump({"ids": ["01469557200583646387", "01234567012345670123"]}, default_flow_style=None), end="")' >ids.yaml || exit 2
cat >seen.cjs <<'JS'
const text = require('node:fs').readFileSync('ids.yaml', 'utf8');
const told = ({ ids }) => ids.map((id) => `${typeof id} ${id}`).join(', ');
console.log(`js-yaml: ${told(require('js-yaml').load(text))}`);
console.log(`yaml: ${told(require('yaml').parse(text))}`);
JS
cat >seen.go <<'GO'
package main

import (
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

func main() {
	text, _ := os.ReadFile("ids.yaml")
	var read struct{ Ids []any }
	if err := yaml.Unmarshal(text, &read); err != nil {
		panic(err)
	}
	fmt.Printf("go-yaml: %T %v, %T %v\n", read.Ids[0], read.Ids[0], read.Ids[1], read.Ids[1])
}
GO
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
{ echo "written: $(cat ids.yaml)" && node seen.cjs && ./of-go; } >seen || exit 1
cat seen
diff seen - <<'SEEN'
written: ids: [01469557200583646387, '01234567012345670123']
js-yaml: number 1469557200583646500, string 01234567012345670123
yaml: number 1469557200583646500, string 01234567012345670123
go-yaml: float64 1.4695572005836465e+18, string 01234567012345670123
SEEN
