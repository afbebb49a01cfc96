"""Drives an MCP server on stdio with the Python SDK, and prints what it saw as one JSON object.

    drive.py [--mode legacy|auto|2026-07-28] [--tool NAME --arguments JSON] [--answer WORD]
             [--give-up SECONDS] [--env NAME=VALUE]... -- COMMAND [ARGUMENT]...

--answer: accept, unchecked (accepts without a choice), decline, cancel, never (does not answer),
          none (declares no elicitation).
--give-up: cancels the call after so many seconds, then waits as long again before it leaves.
The server gets this process's PATH and HOME, and what --env says.
"""

import argparse
import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters, types


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--mode", default="auto", choices=["legacy", "auto", "2026-07-28"])
    parser.add_argument("--tool")
    parser.add_argument("--arguments", type=json.loads, default={})
    parser.add_argument(
        "--answer", default="none", choices=["accept", "unchecked", "decline", "cancel", "never", "none"]
    )
    parser.add_argument("--give-up", type=float)
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


async def drive(given):
    seen = {"mode": given.mode, "asked": [], "progress": []}

    async def asked(_context, params):
        seen["asked"].append(params.message)
        if given.answer == "never":
            await asyncio.sleep(3600)
        # What comes sooner is not a person's answer.
        await asyncio.sleep(0.7)
        if given.answer == "accept":
            choices = params.requested_schema["properties"]["decision"]["oneOf"]
            return types.ElicitResult(action="accept", content={"decision": choices[1]["const"]})
        if given.answer == "unchecked":
            return types.ElicitResult(action="accept", content={})
        return types.ElicitResult(action=given.answer)

    async def progress(number, total, message):
        seen["progress"].append([number, total, message])

    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env.update(pair.split("=", 1) for pair in given.env)
    server = StdioServerParameters(command=given.command[0], args=given.command[1:], env=env)
    client = Client(server, mode=given.mode, elicitation_callback=None if given.answer == "none" else asked)
    async with client:
        seen["protocol"] = client.protocol_version
        # A client that is pinned to 2026-07-28 asks the server nothing before its first request.
        seen["server"] = client.server_info.name if client.server_info else None
        listed = await client.list_tools()
        seen["tools"] = sorted(tool.name for tool in listed.tools)
        if given.tool:
            call = asyncio.create_task(client.call_tool(given.tool, given.arguments, progress_callback=progress))
            done, _ = await asyncio.wait({call}, timeout=given.give_up)
            if done:
                result = call.result()
                seen["isError"] = bool(result.is_error)
                seen["text"] = "\n".join(block.text for block in result.content if block.type == "text")
                seen["report"] = result.structured_content
                session = (result.structured_content or {}).get("session")
                if session:
                    # The whole report; the structured content is its brief form.
                    whole = await client.read_resource(f"kubemend://sessions/{session}")
                    seen["whole"] = json.loads(whole.contents[0].text)
            else:
                call.cancel()
                await asyncio.wait({call})
                seen["cancelled"] = True
                await asyncio.sleep(given.give_up)
    return seen


def main():
    seen = asyncio.run(drive(arguments()))
    json.dump(seen, sys.stdout)
    print()


main()
