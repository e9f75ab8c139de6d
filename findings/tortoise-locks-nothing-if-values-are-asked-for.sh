#!/usr/bin/env bash
# Tortoise ORM forgets select_for_update() as soon as values(), values_list(), count() or exists() is called on it.
#
# Guess: select_for_update() is part of the query, and values() only chooses what comes back, as in Django, whose interface it follows.
# What was seen: each of the four makes a query of its own class, which the lock isn't carried over to: a plain SELECT, with no error or
#   warning. Whole objects are locked, by first() and get(), too.
# Seen with tortoise-orm 1.1.9, asyncmy 0.2.18, MariaDB 10.11.19, 2026-12-01; what another session sees while the transaction is open:
#   get(): locked
#   first(): locked
#   values(): free
#   values_list(): free
#   count(): free
#   exists(): free
# Why it matters here: "read the counter, add one" reads one column, so that is where values_list() is used, and two get one number.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
python3 -m venv "$work/v" >/dev/null 2>&1 &&
  "$work/v/bin/pip" -q install --disable-pip-version-check tortoise-orm==1.1.9 asyncmy==0.2.18 >/dev/null 2>&1 || exit 2
sql -e 'CREATE DATABASE d; CREATE TABLE d.counter (id BIGINT AUTO_INCREMENT PRIMARY KEY, next BIGINT); INSERT INTO d.counter VALUES (1, 7)'
cat >"$work/held.py" <<'PY'
import asyncio
import sys

import asyncmy
from tortoise import Tortoise, fields
from tortoise.models import Model
from tortoise.transactions import in_transaction


class Counter(Model):
    id = fields.BigIntField(primary_key=True)
    next = fields.BigIntField()

    class Meta:
        table = "counter"


async def held(what, read):
    async with in_transaction() as own:
        await read(Counter.filter(id=1).using_db(own).select_for_update())
        other = await asyncmy.connect(host="127.0.0.1", port=int(sys.argv[1]), user="root", database="d")
        try:
            async with other.cursor() as cursor:
                await cursor.execute("SELECT * FROM counter WHERE id = 1 FOR UPDATE NOWAIT")
            print(what + ": free")
        except asyncmy.errors.OperationalError as error:
            print(what + (": locked" if error.args[0] == 1205 else f": {error}"))
        other.close()


async def main():
    await Tortoise.init(db_url=f"mysql://root:@127.0.0.1:{sys.argv[1]}/d", modules={"models": ["__main__"]})
    await held("get()", lambda rows: rows.get())
    await held("first()", lambda rows: rows.first())
    await held("values()", lambda rows: rows.values("next"))
    await held("values_list()", lambda rows: rows.values_list("next", flat=True))
    await held("count()", lambda rows: rows.count())
    await held("exists()", lambda rows: rows.exists())
    await Tortoise.close_connections()


asyncio.run(main())
PY
"$work/v/bin/python" "$work/held.py" "$port" >"$work/seen" || exit 1
cat "$work/seen"
[ "$(sed 's/.*: //' "$work/seen" | paste -sd' ')" = 'locked locked free free free free' ] || { echo "behaves otherwise now" >&2; exit 1; }
