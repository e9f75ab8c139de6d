#!/usr/bin/env bash
# excelize changes an ID by reading it: after GetCellValue the formulas compute with 15 digits of it, and the file is saved with these.
#
# Guess: GetCellValue looks, and changes nothing; formulas take the number in the cell, as a double.
# What was seen: GetCellValue puts what it shows, 9.00719925474099E+15, in the place of the digits, in memory, and all formulas take that from then on.
#   GetRows, RawCellValue and a cell that was not looked at leave the digits. What is saved afterwards is the shortened number.
# Seen with excelize 2.11.1, Go 1.26, 2026-12-01; A1 is int64 9007199254740993, written, saved and opened:
#   not looked at: A1=9007199254740992 is TRUE, A1-9007199254740000 is 992, saved again 9007199254740993
#   raw GetCellValue: A1=9007199254740992 is TRUE, A1-9007199254740000 is 992, saved again 9007199254740993
#   GetRows: A1=9007199254740992 is TRUE, A1-9007199254740000 is 992, saved again 9007199254740993
#   GetCellValue: A1=9007199254740992 is FALSE, A1-9007199254740000 is 990, saved again 9.00719925474099E+15
# Why it matters here: a program that opens a list, looks at the IDs, and saves it after a change elsewhere has spoilt every ID in it.
set -uo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
cd "$work" || exit 2
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/xuri/excelize/v2@v2.11.1 >/dev/null 2>&1 || exit 2
cat >seen.go <<'GO'
package main

import (
	"bytes"
	"fmt"

	"github.com/xuri/excelize/v2"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func saved(file *excelize.File) *excelize.File {
	var bytes bytes.Buffer
	if err := file.Write(&bytes); err != nil {
		panic(err)
	}
	return must(excelize.OpenReader(&bytes))
}

func tell(what string, look func(*excelize.File)) {
	file := excelize.NewFile()
	if err := file.SetCellValue("Sheet1", "A1", int64(9007199254740993)); err != nil {
		panic(err)
	}
	formulas := []string{"A1=9007199254740992", "A1-9007199254740000"}
	for n, formula := range formulas {
		if err := file.SetCellFormula("Sheet1", fmt.Sprintf("B%d", n+1), formula); err != nil {
			panic(err)
		}
	}
	file = saved(file)
	look(file)
	fmt.Printf("%s: ", what)
	for n, formula := range formulas {
		fmt.Printf("%s is %s, ", formula, must(file.CalcCellValue("Sheet1", fmt.Sprintf("B%d", n+1))))
	}
	fmt.Printf("saved again %s\n", must(saved(file).GetCellValue("Sheet1", "A1", excelize.Options{RawCellValue: true})))
}

func main() {
	tell("not looked at", func(*excelize.File) {})
	tell("raw GetCellValue", func(file *excelize.File) { must(file.GetCellValue("Sheet1", "A1", excelize.Options{RawCellValue: true})) })
	tell("GetRows", func(file *excelize.File) { must(file.GetRows("Sheet1")) })
	tell("GetCellValue", func(file *excelize.File) { must(file.GetCellValue("Sheet1", "A1")) })
}
GO
go mod tidy >/dev/null 2>&1
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
./of-go >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
not looked at: A1=9007199254740992 is TRUE, A1-9007199254740000 is 992, saved again 9007199254740993
raw GetCellValue: A1=9007199254740992 is TRUE, A1-9007199254740000 is 992, saved again 9007199254740993
GetRows: A1=9007199254740992 is TRUE, A1-9007199254740000 is 992, saved again 9007199254740993
GetCellValue: A1=9007199254740992 is FALSE, A1-9007199254740000 is 990, saved again 9.00719925474099E+15
SEEN
