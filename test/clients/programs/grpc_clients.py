"""gRPC clients of Python, tried one by one: grpc_clients.py CLIENT ADDRESS KEY. Prints one line of JSON."""
import asyncio
import inspect
import json
import os
import sys

import grpc

NAME, ADDRESS, KEY = sys.argv[1:4]


def asked(tag, count):
    text = tag.encode()
    return bytes([0x0A, len(text)]) + text + (bytes([0x10, count]) if count else b"")


def numbers_in(answer):
    """Field 1 of an answer, a number or several."""
    found, value, shift = [], 0, 0
    for byte in answer[2 if answer[0] == 0x0A else 1:]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(str(value))
            value, shift = 0, 0
    return found


async def main():
    channel = (grpc.aio if NAME == "grpcio-asyncio" else grpc).insecure_channel(ADDRESS)

    async def call(method, tag, count=0):
        try:
            answer = channel.unary_unary(f"/leafcutter.v1.IdService/{method}")(asked(tag, count), timeout=10)
            return {"value": numbers_in(await answer if inspect.isawaitable(answer) else answer)}
        except grpc.RpcError as error:
            return {"error": f"{error.code()} {error.details()}"}

    given = {"one": [await call("NextId", KEY) for _ in range(3)]}
    given["batch"] = await call("NextIds", KEY, 3)
    given["missing"] = await call("NextId", "no such")
    print(json.dumps(given), flush=True)
    os._exit(0)


asyncio.run(main())
