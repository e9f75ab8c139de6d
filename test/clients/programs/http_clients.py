"""HTTP clients of Python, tried one by one: http_clients.py CLIENT URL KEY. Prints one line of JSON."""
import asyncio
import inspect
import io
import json
import os
import sys

NAME, BASE, KEY = sys.argv[1], sys.argv[2], sys.argv[3]


def headers_of(accept):
    return {} if accept is None else {"Accept": accept}


def answer(status, kind, body):
    return {"status": status, "type": kind, "body": body.decode() if isinstance(body, bytes) else body}


def of_requests(session):
    def get(path, accept):
        got = session.get(BASE + path, headers=headers_of(accept), timeout=10)
        return answer(got.status_code, got.headers["content-type"], got.text)
    return get


def requests_session():
    import requests
    return of_requests(requests.Session())


def requests_bare():
    import requests
    return of_requests(requests)


def niquests():
    import niquests as library
    return of_requests(library.Session())


def httpx():
    import httpx as library
    return of_requests(library.Client())


def httpx_async():
    import httpx as library
    client = library.AsyncClient()

    async def get(path, accept):
        got = await client.get(BASE + path, headers=headers_of(accept))
        return answer(got.status_code, got.headers["content-type"], got.text)
    return get


async def aiohttp():
    import aiohttp as library
    session = library.ClientSession()

    async def get(path, accept):
        import yarl
        url = yarl.URL(BASE + path, encoded=True)
        async with session.get(url, headers=headers_of(accept)) as got:
            return answer(got.status, got.headers["content-type"], await got.text())
    return get


def urllib3():
    import urllib3 as library
    pool = library.PoolManager()

    def get(path, accept):
        got = pool.request("GET", BASE + path, headers=headers_of(accept))
        return answer(got.status, got.headers["content-type"], got.data)
    return get


def urllib():
    import urllib.error
    import urllib.request

    def get(path, accept):
        asked = urllib.request.Request(BASE + path, headers=headers_of(accept))
        try:
            got = urllib.request.urlopen(asked, timeout=10)
        except urllib.error.HTTPError as error:
            got = error
        return answer(got.status, got.headers["content-type"], got.read())
    return get


def http_client():
    import http.client
    import urllib.parse
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(BASE).netloc, timeout=10)

    def get(path, accept):
        connection.request("GET", path, headers=headers_of(accept))
        got = connection.getresponse()
        return answer(got.status, got.headers["content-type"], got.read())
    return get


def tornado():
    from tornado.httpclient import AsyncHTTPClient
    client = AsyncHTTPClient()

    async def get(path, accept):
        got = await client.fetch(BASE + path, headers=headers_of(accept), raise_error=False)
        return answer(got.code, got.headers["content-type"], got.body)
    return get


def pycurl():
    import pycurl as library
    handle = library.Curl()

    def get(path, accept):
        body = io.BytesIO()
        handle.setopt(library.URL, BASE + path)
        handle.setopt(library.WRITEDATA, body)
        handle.setopt(library.HTTPHEADER, [f"{name}: {value}" for name, value in headers_of(accept).items()])
        handle.perform()
        return answer(handle.getinfo(library.RESPONSE_CODE), handle.getinfo(library.CONTENT_TYPE), body.getvalue())
    return get


CLIENTS = {
    "requests": requests_bare,
    "requests-session": requests_session,
    "niquests": niquests,
    "httpx": httpx,
    "httpx-async": httpx_async,
    "aiohttp": aiohttp,
    "urllib3": urllib3,
    "urllib": urllib,
    "http-client": http_client,
    "tornado": tornado,
    "pycurl": pycurl,
}


async def main():
    get = CLIENTS[NAME]()
    if inspect.isawaitable(get):
        get = await get

    async def ask(path, accept=None):
        try:
            got = get(path, accept)
            return await got if inspect.isawaitable(got) else got
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    given = {"one": [await ask(f"/v1/ids/{KEY}") for _ in range(3)]}
    given["json"] = await ask(f"/v1/ids/{KEY}", "application/json")
    given["batch"] = await ask(f"/v1/ids/{KEY}?count=3")
    given["leaf"] = await ask(f"/api/segment/get/{KEY}")
    given["missing"] = await ask("/v1/ids/no%20such")
    print(json.dumps(given), flush=True)
    os._exit(0)


asyncio.run(main())
