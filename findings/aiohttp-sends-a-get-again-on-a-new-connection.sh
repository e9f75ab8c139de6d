#!/usr/bin/env bash
# aiohttp sends a GET or PUT a second time when its very first connection ends without an answer.
#
# Guess: it repeats an idempotent request once if a connection from its pool turns out to be dead; on a connection that it has just
#   opened the request goes out once, as the server can't have closed it for being idle.
# What was seen: it repeats both alike, and a new connection is used for the second. httpx sends it once. A POST goes out once.
# Seen with aiohttp 3.14.5, httpx 0.28.1, Python 3.11, 2026-12-01:
#   aiohttp GET, new connection: sent 2 times, ServerDisconnectedError
#   aiohttp GET, kept connection: sent 2 times, ServerDisconnectedError
#   aiohttp POST, new connection: sent 1 times, ServerDisconnectedError
#   httpx GET, new connection: sent 1 times, RemoteProtocolError
# Why it matters here: a server or sidecar that dies while it answers has counted already, and costs two IDs for one call, whatever
#   the session's pool does. `force_close` is no way round it.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q aiohttp==3.14.5 httpx==0.28.1 >/dev/null 2>&1 || exit 2
cat >try.py <<'PY'
import asyncio

import aiohttp, httpx

sent = 0

async def serve(reader, writer):
    """Answers /warm; reads every other request whole and hangs up."""
    global sent
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    await reader.readexactly(int(line[15:]))
            if b"/warm" not in head:
                sent += 1
                break
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except asyncio.IncompleteReadError:
        pass
    writer.close()

async def ask(name, call):
    global sent
    sent = 0
    try:
        end = await call
    except Exception as error:
        end = type(error).__name__
    print(f"{name}: sent {sent} times, {end}")

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    for method, kept in (("GET", False), ("GET", True), ("POST", False)):
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=not kept)) as session:
            if kept:
                async with session.get(base + "/warm") as answer:
                    await answer.text()
            name = f"aiohttp {method}, {'kept' if kept else 'new'} connection"
            await ask(name, session.request(method, base + "/ids", data=None if method == "GET" else "n=1"))
    async with httpx.AsyncClient() as client:
        await ask("httpx GET, new connection", client.get(base + "/ids"))

asyncio.run(main())
PY
timeout 60 venv/bin/python try.py | tee seen
[ "$(cat seen)" = "aiohttp GET, new connection: sent 2 times, ServerDisconnectedError
aiohttp GET, kept connection: sent 2 times, ServerDisconnectedError
aiohttp POST, new connection: sent 1 times, ServerDisconnectedError
httpx GET, new connection: sent 1 times, RemoteProtocolError" ] || { echo "behaves otherwise now" >&2; exit 1; }
