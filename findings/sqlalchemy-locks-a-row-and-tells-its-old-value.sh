#!/usr/bin/env bash
# SQLAlchemy locks the row for session.get(…, with_for_update=True) and gives the object with the values from before the lock.
#
# Guess: a read that sends SELECT … FOR UPDATE gives what that SELECT answered, also for an object that the session has read before.
# What was seen: the row is locked and read, and what was read is thrown away: the object keeps its values. So do select() and query() with
#   with_for_update(). refresh(), populate_existing and a select of the column alone give the value of the locked row.
# Seen with SQLAlchemy 2.1.9, PyMySQL 1.2.4, MariaDB 10.11.19, READ COMMITTED, 2026-12-01; read as 7, then made 8 by another session:
#   get(with_for_update=True): 7
#   select(Counter).with_for_update(): 7
#   query(Counter).with_for_update(): 7
#   the same with populate_existing: 8
#   refresh(with_for_update=True): 8
#   select(Counter.next).with_for_update(): 8
# Why it matters here: a counter that was read for a check, and is then locked and raised, hands out a number twice, although each draw
#   holds its lock and the log shows FOR UPDATE.
set -uo pipefail
. "$(dirname "$0")/mariadb.sh"
python3 -m venv "$work/v" >/dev/null 2>&1 &&
  "$work/v/bin/pip" -q install --disable-pip-version-check sqlalchemy==2.1.9 pymysql==1.2.4 >/dev/null 2>&1 || exit 2
sql -e 'CREATE DATABASE d; CREATE TABLE d.counter (id BIGINT PRIMARY KEY, next BIGINT)'
cat >"$work/told.py" <<'PY'
import sys

from sqlalchemy import BigInteger, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine(f"mysql+pymysql://root@127.0.0.1:{sys.argv[1]}/d", isolation_level="READ COMMITTED")


class Base(DeclarativeBase):
    pass


class Counter(Base):
    __tablename__ = "counter"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    next: Mapped[int]


def elsewhere(statement):
    with engine.begin() as other:
        other.execute(text(statement))


def told(what, read):
    elsewhere("REPLACE INTO counter VALUES (1, 7)")
    with Session(engine) as session:
        counter = session.get(Counter, 1)
        assert counter.next == 7
        elsewhere("UPDATE counter SET next = next + 1")
        print(f"{what}: {read(session, counter)}")


locked = select(Counter).with_for_update()
told("get(with_for_update=True)", lambda session, _: session.get(Counter, 1, with_for_update=True).next)
told("select(Counter).with_for_update()", lambda session, _: session.scalars(locked).one().next)
told("query(Counter).with_for_update()", lambda session, _: session.query(Counter).with_for_update().one().next)
fresh = dict(populate_existing=True)
told("the same with populate_existing", lambda session, _: session.scalars(locked, execution_options=fresh).one().next)
told("refresh(with_for_update=True)", lambda session, counter: session.refresh(counter, with_for_update=True) or counter.next)
told("select(Counter.next).with_for_update()", lambda session, _: session.scalar(select(Counter.next).with_for_update()))
PY
"$work/v/bin/python" "$work/told.py" "$port" >"$work/seen" || exit 1
cat "$work/seen"
[ "$(sed 's/.*: //' "$work/seen" | paste -sd' ')" = '7 7 7 8 8 8' ] || { echo "behaves otherwise now" >&2; exit 1; }
