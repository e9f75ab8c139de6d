#!/usr/bin/env bash
# GORM gives rows the ids of others after Create() on a MySQL server, with any step, when one row has its id already or a row was there.
#
# Guess: GORM asks the server for the first id and knows the rows that had one before it; after an upsert it leaves the ids of what it cannot
#   know at zero, as database/sql does not tell them.
# What was seen: where there is no RETURNING it counts on by 1 from the only id that the answer has, over the rows whose id is 0. A row with an
#   id of its own moves the server's counter, and GORM's goes on without it. OnConflict does not change that: a row that was there
#   gets the id of the row that was added, and that one the next, which no row has. With auto_increment_increment=3 each Create() of a slice is wrong.
#   On MariaDB the driver asks by RETURNING, and all are right.
# Seen with gorm 1.31.2, gorm.io/driver/mysql 1.6.0 with SkipInitializeWithVersion (so it sends what it sends to MySQL), Go 1.26,
#   MariaDB 10.11.19, 2026-12-01; the table holds a=1 b=2 old=3:
#   Create x, y (id 50), z: told x=4 y=50 z=5, rows x=4 y=50 z=51
#   OnConflict DoNothing new, old, more: told new=4 old=5 more=6, rows old=3 new=4 more=5
#   OnConflict UpdateAll old, new: told old=4 new=5, rows old=3 new=4
#   step 3, Create x, y, z: told x=10 y=11 z=12, rows x=10 y=13 z=16
#   with RETURNING, step 3, Create x, y, z: told x=10 y=13 z=16, rows x=10 y=13 z=16
#   with RETURNING, OnConflict UpdateAll old, new: told old=3 new=4, rows old=3 new=4
# Why it matters here: what is saved next, with the id as its foreign key, belongs to somebody else's row, and tests on MariaDB don't show it.
#   IDs that are set before Create() are left as they are.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
mkdir "$work/go" && cd "$work/go" || exit 2
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
)

type T struct {
	ID   uint64 `gorm:"primaryKey"`
	Name string
	N    int
}

func (T) TableName() string { return "t" }

func named(rows []T, but string) (text string) {
	for _, row := range rows {
		if row.Name != "a" && row.Name != "b" && row.Name != but {
			text += fmt.Sprintf(" %s=%d", row.Name, row.ID)
		}
	}
	return text
}

func main() {
	dsn := "root@tcp(127.0.0.1:" + os.Args[1] + ")/d"
	open := func(dsn string, asMySQL bool) *gorm.DB {
		db, err := gorm.Open(mysql.New(mysql.Config{DSN: dsn, SkipInitializeWithVersion: asMySQL}), &gorm.Config{Logger: logger.Discard})
		if err != nil {
			panic(err)
		}
		return db
	}
	show := func(what string, db *gorm.DB, without string, rows ...T) {
		for _, statement := range []string{
			"CREATE OR REPLACE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) UNIQUE, n INT DEFAULT 0)",
			"INSERT INTO t (name) VALUES ('a'), ('b'), ('old')",
		} {
			if err := db.Exec(statement).Error; err != nil {
				panic(err)
			}
		}
		if err := db.Create(&rows).Error; err != nil {
			panic(err)
		}
		var kept []T
		db.Order("id").Find(&kept)
		fmt.Printf("%s: told%s, rows%s\n", what, named(rows, ""), named(kept, without))
	}
	plain, step := open(dsn, true), open(dsn+"?auto_increment_increment=3", true)
	all := clause.OnConflict{UpdateAll: true}
	show("Create x, y (id 50), z", plain, "old", T{Name: "x"}, T{ID: 50, Name: "y"}, T{Name: "z"})
	nothing := plain.Clauses(clause.OnConflict{DoNothing: true}).Session(&gorm.Session{})
	show("OnConflict DoNothing new, old, more", nothing, "", T{Name: "new"}, T{Name: "old"}, T{Name: "more"})
	show("OnConflict UpdateAll old, new", plain.Clauses(all).Session(&gorm.Session{}), "", T{Name: "old", N: 3}, T{Name: "new"})
	show("step 3, Create x, y, z", step, "old", T{Name: "x"}, T{Name: "y"}, T{Name: "z"})
	returning := open(dsn+"?auto_increment_increment=3", false)
	show("with RETURNING, step 3, Create x, y, z", returning, "old", T{Name: "x"}, T{Name: "y"}, T{Name: "z"})
	returning = open(dsn, false).Clauses(all).Session(&gorm.Session{})
	show("with RETURNING, OnConflict UpdateAll old, new", returning, "", T{Name: "old", N: 3}, T{Name: "new"})
}
GO
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get gorm.io/gorm@v1.31.2 gorm.io/driver/mysql@v1.6.0 >/dev/null 2>&1 && go build -o seen . || exit 2
sql -e 'CREATE DATABASE d'
./seen "$port" >"$work/seen" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
cat "$work/seen"
diff "$work/seen" - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
Create x, y (id 50), z: told x=4 y=50 z=5, rows x=4 y=50 z=51
OnConflict DoNothing new, old, more: told new=4 old=5 more=6, rows old=3 new=4 more=5
OnConflict UpdateAll old, new: told old=4 new=5, rows old=3 new=4
step 3, Create x, y, z: told x=10 y=11 z=12, rows x=10 y=13 z=16
with RETURNING, step 3, Create x, y, z: told x=10 y=13 z=16, rows x=10 y=13 z=16
with RETURNING, OnConflict UpdateAll old, new: told old=3 new=4, rows old=3 new=4
SEEN
