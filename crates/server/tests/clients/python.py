# The official Python SDKs as a program: lists the tools, calls two, says what came in one line of JSON.
# python - '{"modern", "file", "transport", "url", "key" | "command", "environment"}' < python.py

import json
import sys
from contextlib import AsyncExitStack
from importlib.metadata import version

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

ASKED = json.loads(sys.argv[1])
# 2.x has a client that speaks 2026-07-28 too, on an HTTP library of its own.
SECOND = version("mcp").startswith("2.")
if SECOND:
    import httpx2 as httpx
    from mcp.client import Client
else:
    import httpx


async def transport(stack):
    headers = {"Authorization": f"Bearer {ASKED.get('key')}"}
    if ASKED["transport"] == "streamable":
        client = await stack.enter_async_context(httpx.AsyncClient(headers=headers, trust_env=False))
        return streamable_http_client(ASKED["url"], http_client=client)
    if ASKED["transport"] == "sse":
        return sse_client(ASKED["url"], headers=headers)
    command, *arguments = ASKED["command"]
    return stdio_client(StdioServerParameters(command=command, args=arguments, env=ASKED["environment"]))


async def connect(stack):
    way = await transport(stack)
    if SECOND:
        return await stack.enter_async_context(Client(way, mode="2026-07-28" if ASKED["modern"] else "legacy"))
    read, write, *_ = await stack.enter_async_context(way)
    session = await stack.enter_async_context(ClientSession(read, write))
    await session.initialize()
    return session


async def main():
    async with AsyncExitStack() as stack:
        client = await connect(stack)
        listed = await client.list_tools()
        me = await client.call_tool("get_me", {})
        file = await client.call_tool("get_file_contents", ASKED["file"])
        content = (getattr(answer, "structured_content" if SECOND else "structuredContent") for answer in (me, file))
        return dict(zip(("me", "file"), content), tools=len(listed.tools))


def innermost(error):
    """Whatever is at the bottom of a group of errors."""
    while inner := getattr(error, "exceptions", None):
        error = inner[0]
    return f"{type(error).__name__}: {error}"


try:
    print(json.dumps(anyio.run(main)))
except BaseException as error:
    print(json.dumps({"refused": innermost(error)}))
