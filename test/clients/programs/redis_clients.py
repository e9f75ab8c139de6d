"""Redis clients of Python, tried one by one: redis_clients.py CLIENT PORT KEY FAR. Prints one line of JSON."""
import asyncio
import inspect
import json
import os
import sys

NAME, PORT, KEY, FAR = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
HOST = "127.0.0.1"


def like_redis(client):
    def pair():
        pipe = client.pipeline()
        pipe.incr(KEY)
        pipe.incr(KEY)
        return pipe.execute()

    return {
        "incr": lambda: client.incr(KEY),
        "incrby": lambda: client.incrby(KEY, 10),
        "pair": pair,
        "far": lambda: client.incr(FAR),
        "exact": lambda: client.execute_command("LC.NEXT", FAR),
    }


def redis_sync(**options):
    import redis
    return like_redis(redis.Redis(HOST, PORT, **options))


def redis_cluster():
    import redis
    return like_redis(redis.RedisCluster(HOST, PORT))


def redis_async():
    import redis.asyncio
    return like_redis(redis.asyncio.Redis(host=HOST, port=PORT))


def valkey_sync():
    import valkey
    return like_redis(valkey.Valkey(HOST, PORT))


def valkey_cluster():
    import valkey
    return like_redis(valkey.ValkeyCluster(HOST, PORT))


def valkey_async():
    import valkey.asyncio
    return like_redis(valkey.asyncio.Valkey(host=HOST, port=PORT))


def coredis(**options):
    import coredis as library
    client = library.Redis(host=HOST, port=PORT, **options)

    async def pair():
        async with client.pipeline(transaction=True) as pipe:
            answers = [pipe.incr(KEY), pipe.incr(KEY)]
        return [await answer for answer in answers]

    return {
        "incr": lambda: client.incr(KEY),
        "incrby": lambda: client.incrby(KEY, 10),
        "pair": pair,
        "far": lambda: client.incr(FAR),
        "around": client,
    }


async def glide(cluster):
    import glide as library
    at = [library.NodeAddress(HOST, PORT)]
    if cluster:
        client = await library.GlideClusterClient.create(library.GlideClusterClientConfiguration(at))
    else:
        client = await library.GlideClient.create(library.GlideClientConfiguration(at))

    def pair():
        batch = (library.ClusterBatch if cluster else library.Batch)(True)
        batch.incr(KEY)
        batch.incr(KEY)
        return client.exec(batch, raise_on_error=True)

    return {
        "incr": lambda: client.incr(KEY),
        "incrby": lambda: client.incrby(KEY, 10),
        "pair": pair,
        "far": lambda: client.incr(FAR),
        "exact": lambda: client.custom_command(["LC.NEXT", FAR]),
    }


CLIENTS = {
    "redis-py": redis_sync,
    "redis-py-resp2": lambda: redis_sync(protocol=2),
    "redis-py-resp3": lambda: redis_sync(protocol=3),
    "redis-py-asyncio": redis_async,
    "redis-py-cluster": redis_cluster,
    "valkey-py": valkey_sync,
    "valkey-py-asyncio": valkey_async,
    "valkey-py-cluster": valkey_cluster,
    "coredis": coredis,
    "glide-python": lambda: glide(False),
    "glide-python-cluster": lambda: glide(True),
}


def text(value):
    if isinstance(value, (list, tuple)):
        return [text(one) for one in value]
    return value.decode() if isinstance(value, bytes) else str(value)


async def step(run):
    try:
        value = run()
        if inspect.isawaitable(value):
            value = await value
        if isinstance(value, Exception):
            raise value
        return {"value": text(value)}
    except Exception as error:
        return {"error": str(error) or type(error).__name__}


async def steps(client):
    given = {"one": [await step(client["incr"]) for _ in range(3)]}
    given["block"] = await step(client["incrby"])
    given["pair"] = await step(client["pair"])
    given["far"] = await step(client["far"])
    if "exact" in client:
        given["exact"] = await step(client["exact"])
    return given


async def main():
    client = CLIENTS[NAME]()
    if inspect.isawaitable(client):
        client = await client
    around = client.get("around")
    if around is not None and hasattr(around, "__aenter__"):
        async with around:
            given = await steps(client)
    else:
        given = await steps(client)
    print(json.dumps(given), flush=True)
    os._exit(0)


asyncio.run(main())
