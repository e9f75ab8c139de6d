#!/usr/bin/env bash
# google/uuid and oklog/ulid leave an id as it was when the column is NULL: a row without one gets the id of the row before it.
#
# Guess: Scan of a NULL fails, as for an int64 or a string, or sets the nil id.
# What was seen: both return no error and change nothing. In a loop that reads rows into one struct, or into one that came from a pool, the NULL of
#   a row is the id of another. google/uuid does so for empty text, too. xid and ksuid set their nil id, gofrs/uuid refuses.
# Seen with google/uuid 1.6.0, oklog/ulid 2.1.2, rs/xid 1.6.0, segmentio/ksuid 1.0.4, gofrs/uuid 5.5.1, go-sql-driver/mysql 1.10.1, Go 1.26,
#   MariaDB 10.11.19, 2026-12-01; three rows, with an id, with NULL, with another id:
#   google/uuid: first, first, third
#   oklog/ulid: first, first, third
#   rs/xid: first, nil, third
#   segmentio/ksuid: first, nil, third
#   gofrs/uuid: first, refused, third
# Why it matters here: the order without a customer belongs to the customer of the order before it.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
command -v go >/dev/null || { echo "needs go" >&2; exit 2; }
trap 'finish; chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
mkdir "$work/go" && cd "$work/go" || exit 2
cat >seen.go <<'GO'
package main

import (
	"database/sql"
	"fmt"
	"os"
	"strings"

	_ "github.com/go-sql-driver/mysql"
	gofrs "github.com/gofrs/uuid/v5"
	"github.com/google/uuid"
	"github.com/oklog/ulid/v2"
	"github.com/rs/xid"
	"github.com/segmentio/ksuid"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	db, err := sql.Open("mysql", "root@tcp(127.0.0.1:"+os.Args[1]+")/d")
	must(err)
	show := func(name string, id any, none string, new func() any) {
		_, err := db.Exec("CREATE OR REPLACE TABLE t (n INT PRIMARY KEY, id VARBINARY(40))")
		must(err)
		first, third := new(), new()
		_, err = db.Exec("INSERT INTO t VALUES (1, ?), (2, NULL), (3, ?)", first, third)
		must(err)
		rows, err := db.Query("SELECT id FROM t ORDER BY n")
		must(err)
		defer rows.Close()
		names := map[string]string{fmt.Sprint(first): "first", fmt.Sprint(third): "third", none: "nil"}
		var told []string
		for rows.Next() {
			if rows.Scan(id) != nil {
				told = append(told, "refused")
			} else {
				told = append(told, names[fmt.Sprint(id)])
			}
		}
		fmt.Printf("%s: %s\n", name, strings.Join(told, ", "))
	}
	show("google/uuid", &uuid.UUID{}, uuid.Nil.String(), func() any { return uuid.New() })
	show("oklog/ulid", &ulid.ULID{}, ulid.Zero.String(), func() any { return ulid.Make() })
	show("rs/xid", &xid.ID{}, xid.NilID().String(), func() any { return xid.New() })
	show("segmentio/ksuid", &ksuid.KSUID{}, ksuid.Nil.String(), func() any { return ksuid.New() })
	show("gofrs/uuid", &gofrs.UUID{}, gofrs.Nil.String(), func() any { return gofrs.Must(gofrs.NewV4()) })
}
GO
export GOFLAGS=-mod=mod
go mod init seen >/dev/null 2>&1 && go get github.com/google/uuid@v1.6.0 github.com/oklog/ulid/v2@v2.1.2 github.com/rs/xid@v1.6.0 \
  github.com/segmentio/ksuid@v1.0.4 github.com/gofrs/uuid/v5@v5.5.1 github.com/go-sql-driver/mysql@v1.10.1 >/dev/null 2>&1 || exit 2
go build -o of-go seen.go >/dev/null 2>&1 || exit 2
sql -e 'CREATE DATABASE d'
./of-go $port >seen || exit 1
cat seen
diff seen - <<'SEEN' || { echo "behaves otherwise now" >&2; exit 1; }
google/uuid: first, first, third
oklog/ulid: first, first, third
rs/xid: first, nil, third
segmentio/ksuid: first, nil, third
gofrs/uuid: first, refused, third
SEEN
