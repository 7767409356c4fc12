"""The bare relay, against which everything is measured: `python -m bench.relay PORT UPSTREAM_URL`.

It reads the body, sends it to the same path of the upstream with a pooled client and writes the bytes back.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from functools import cache

import aiohttp
import uvloop
from aiohttp import web
from yarl import URL

CLIENT = web.AppKey("client", aiohttp.ClientSession)
UPSTREAM_URL = web.AppKey("upstream_url", str)
HEADERS = {"Content-Type": "application/json"}
MAX_BODY_BYTES = 32 * 2**20


@cache
def target(upstream_url: str, path: str) -> URL:
    return URL(upstream_url + path, encoded=True)


async def relay(request: web.Request) -> web.StreamResponse:
    url = target(request.app[UPSTREAM_URL], request.path)
    body = await request.read()
    async with request.app[CLIENT].request(request.method, url, data=body, headers=HEADERS) as upstream:
        headers = {"Content-Type": upstream.headers["Content-Type"]}
        if upstream.content_length is not None:
            return web.Response(body=await upstream.read(), headers=headers)
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        async for data in upstream.content.iter_any():
            await response.write(data)
        await response.write_eof()
        return response


async def pooled_client(app: web.Application) -> AsyncIterator[None]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as app[CLIENT]:
        yield


def main() -> None:
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[UPSTREAM_URL] = sys.argv[2]
    app.cleanup_ctx.append(pooled_client)
    app.router.add_route("*", "/{path:.*}", relay)
    asyncio.set_event_loop(loop := uvloop.new_event_loop())
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), loop=loop, access_log=None, print=None)


if __name__ == "__main__":
    main()
