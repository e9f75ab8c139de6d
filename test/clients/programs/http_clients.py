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


def requests_close():
    import requests
    session = requests.Session()
    session.headers["Connection"] = "close"
    return of_requests(session)


def requests_chunked():
    import requests
    session = requests.Session()

    def get(path, accept):
        got = session.get(BASE + path, headers=headers_of(accept), data=iter([b"a body that ", b"no GET should have"]), timeout=10)
        return answer(got.status_code, got.headers["content-type"], got.text)
    return get


def requests_post():
    import requests
    session = requests.Session()

    def get(path, accept):
        got = session.post(BASE + path, headers=headers_of(accept), data={"a": "b"}, timeout=10)
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


def httpx_bare():
    import httpx as library

    def get(path, accept):
        got = library.get(BASE + path, headers=headers_of(accept))
        return answer(got.status_code, got.headers["content-type"], got.text)
    return get


def httpx_no_keepalive():
    import httpx as library
    client = library.Client(limits=library.Limits(max_keepalive_connections=0))

    def get(path, accept):
        got = client.get(BASE + path, headers=headers_of(accept))
        return answer(got.status_code, got.headers["content-type"], got.text)
    return get


def httpcore():
    import httpcore as library
    pool = library.ConnectionPool()

    def get(path, accept):
        got = pool.request("GET", BASE + path, headers=headers_of(accept))
        told = {name.lower(): value for name, value in got.headers}
        return answer(got.status, told[b"content-type"].decode(), got.content)
    return get


def httpx_async():
    import httpx as library
    client = library.AsyncClient()

    async def get(path, accept):
        got = await client.get(BASE + path, headers=headers_of(accept))
        return answer(got.status_code, got.headers["content-type"], got.text)
    return get


async def aiohttp(version="1.1", force_close=False):
    import aiohttp as library
    http = library.HttpVersion10 if version == "1.0" else library.HttpVersion11
    session = library.ClientSession(version=http, connector=library.TCPConnector(force_close=force_close))

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


def urllib3_chunked():
    import urllib3 as library
    pool = library.PoolManager()

    def get(path, accept):
        got = pool.request("GET", BASE + path, headers=headers_of(accept), body=b"a=b", chunked=True)
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


def http_client(version=11):
    import http.client
    import urllib.parse
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(BASE).netloc, timeout=10)
    connection._http_vsn, connection._http_vsn_str = version, f"HTTP/{version // 10}.{version % 10}"

    def get(path, accept):
        connection.request("GET", path, headers=headers_of(accept))
        got = connection.getresponse()
        return answer(got.status, got.headers["content-type"], got.read())
    return get


def tornado(implementation=None):
    from tornado.httpclient import AsyncHTTPClient
    # By default libcurl's calls itself a browser, and browsers draw no IDs.
    AsyncHTTPClient.configure(implementation, defaults={"user_agent": "tornado"})
    client = AsyncHTTPClient()

    async def get(path, accept):
        got = await client.fetch(BASE + path, headers=headers_of(accept), raise_error=False)
        return answer(got.code, got.headers["content-type"], got.body)
    return get


def pycurl(version=None):
    import pycurl as library
    handle = library.Curl()
    if version is not None:
        handle.setopt(library.HTTP_VERSION, getattr(library, version))

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
    "requests-close": requests_close,
    "requests-post": requests_post,
    "requests-chunked": requests_chunked,
    "niquests": niquests,
    "httpx": httpx,
    "httpx-async": httpx_async,
    "httpx-bare": httpx_bare,
    "httpx-no-keepalive": httpx_no_keepalive,
    "httpcore": httpcore,
    "aiohttp": aiohttp,
    "aiohttp-http1.0": lambda: aiohttp(version="1.0"),
    "aiohttp-no-keepalive": lambda: aiohttp(force_close=True),
    "urllib3": urllib3,
    "urllib3-chunked": urllib3_chunked,
    "urllib": urllib,
    "http-client": http_client,
    "http-client-http1.0": lambda: http_client(version=10),
    "tornado": tornado,
    "tornado-curl": lambda: tornado("tornado.curl_httpclient.CurlAsyncHTTPClient"),
    "pycurl": pycurl,
    "pycurl-http1.0": lambda: pycurl("CURL_HTTP_VERSION_1_0"),
    "pycurl-http2": lambda: pycurl("CURL_HTTP_VERSION_2_0"),
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
