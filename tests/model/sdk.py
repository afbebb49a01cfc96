#!/usr/bin/env python3
"""Holds requests and answers against the types of the providers' own SDKs.

  sdk.py FOLDER      of `tests/model`: *.json are requests as they were sent, *.sse are streams as the provider of the tests sends them

A request is checked against the parameters that an SDK would take, and nothing beside them is allowed. A stream is read with an SDK's own
types, so that the provider of the tests is a provider.
"""
import inspect
import json
import pathlib
import sys
from collections.abc import Iterator

import anthropic.types as anthropic_types
import openai.types.chat as openai_types
from anthropic.types import RawMessageStreamEvent
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import is_typeddict


def forbid_more(package):
    """No member that the types do not have: these of a package and of its modules."""
    seen, found = set(), 0
    modules = [package] + [m for _, m in inspect.getmembers(package, inspect.ismodule)]
    prefix = package.__name__.rsplit(".", 2)[0] + ".types"
    modules += [m for name, m in list(sys.modules.items()) if name.startswith(prefix) and m is not None]
    for module in modules:
        for _, value in inspect.getmembers(module, is_typeddict):
            if value not in seen:
                seen.add(value)
                value.__pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
                found += 1
    return found


def consumed(value):
    """Lists come as iterators, which check nothing before somebody goes through them."""
    if isinstance(value, dict):
        return {key: consumed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or isinstance(value, Iterator) or type(value).__name__ == "ValidatorIterator":
        return [consumed(item) for item in value]
    return value


def check(name, what):
    try:
        what()
    except Exception as error:  # whatever an SDK does not take is what is looked for
        print(f"failed: {name}: {str(error)[:2000]}")
        return 1
    print(f"ok: {name}")
    return 0


def events(text):
    for block in text.split("\n\n"):
        data = "\n".join(line[5:].lstrip() for line in block.splitlines() if line.startswith("data:"))
        # Pings are documented, and skipped by the SDK before it types anything.
        if data and data != "[DONE]" and json.loads(data).get("type") != "ping":
            yield json.loads(data)


def main():
    folder = pathlib.Path(sys.argv[1])
    if forbid_more(openai_types) < 20 or forbid_more(anthropic_types) < 20:
        sys.exit("failed: the types of the SDKs are not found")
    requests = {"openai": TypeAdapter(CompletionCreateParamsStreaming), "anthropic": TypeAdapter(MessageCreateParamsStreaming)}
    streams = {"openai": TypeAdapter(ChatCompletionChunk), "anthropic": TypeAdapter(RawMessageStreamEvent)}
    files = sorted(folder.glob("*.json")) + sorted(folder.glob("*.sse"))
    failed, counted = 0, {".json": 0, ".sse": 0}
    for file in files:
        wire = file.name.split("-")[0]
        counted[file.suffix] += 1
        if file.suffix == ".json":
            body = json.loads(file.read_text())
            failed += check(file.name, lambda: consumed(requests[wire].validate_python(body)))
        else:
            failed += check(file.name, lambda: [streams[wire].validate_python(event, strict=True) for event in events(file.read_text())])
    # A check that cannot fail is none.
    for wire, adapter in requests.items():
        for name, change in [("a member that there is not", {"unknown": 1}), ("no messages", {"messages": "x"})]:
            body = json.loads((folder / f"{wire}-long.json").read_text()) | change
            try:
                consumed(adapter.validate_python(body))
            except Exception:
                continue
            print(f"failed: {wire}: {name} is not noticed")
            failed += 1
    if counted[".json"] < 8 or counted[".sse"] < 2:
        sys.exit(f"failed: there are only {counted}")
    print(f"{len(files)} files, {failed} failed; openai {openai_version()}, anthropic {anthropic_version()}")
    sys.exit(1 if failed else 0)


def openai_version():
    import openai

    return openai.__version__


def anthropic_version():
    import anthropic

    return anthropic.__version__


if __name__ == "__main__":
    main()
