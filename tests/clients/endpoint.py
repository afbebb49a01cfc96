"""A model endpoint on the loopback address that plays scripted turns, for agents that want a model to talk to.

It speaks Anthropic Messages, OpenAI Responses, OpenAI chat completions and Gemini, streamed or not. What the model does
is a script: for each sentence that a user types, the calls that follow. Each request is kept, as it came and as a text
of what a model gets of the server under test: its instructions, its tools, and every result.
"""

import gzip
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SEARCHES = {"ToolSearch", "tool_search", "tool_search_tool"}


@dataclass
class Tool:
    """A tool as the agent offers it."""

    name: str
    description: str
    schema: dict
    group: str = ""

    def size(self):
        return len(json.dumps([self.name, self.description, self.schema], ensure_ascii=False).encode())


@dataclass
class Entry:
    """One item of a conversation: what kind it is of, the call it belongs to, and its text."""

    kind: str  # user, assistant, call, result
    text: str
    call: str = ""
    name: str = ""


@dataclass
class Request:
    """What all four protocols come down to."""

    system: str
    tools: list = field(default_factory=list)
    entries: list = field(default_factory=list)
    model: str = ""
    stream: bool = False


@dataclass
class Reply:
    text: str
    call: Tool = None
    arguments: dict = field(default_factory=dict)
    id: str = ""


def flat(content):
    """The text of a message's content, in whatever form the protocol has it."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(text for text in map(flat, content) if text)
    for key in ("text", "content", "output", "refusal"):
        if key in content:
            return flat(content[key])
    return json.dumps(content, ensure_ascii=False)


# ---------------------------------------------------------------- the four protocols


class Anthropic:
    name = "Anthropic Messages"

    @staticmethod
    def read(body):
        entries = []
        names = {}
        for message in body.get("messages", []):
            content = message["content"]
            for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
                kind = block["type"]
                if kind == "tool_use":
                    names[block["id"]] = block["name"]
                    entries.append(Entry("call", json.dumps(block["input"]), block["id"], block["name"]))
                elif kind == "tool_result":
                    entries.append(Entry("result", flat(block.get("content")), block["tool_use_id"], names.get(block["tool_use_id"], "")))
                elif kind == "text":
                    entries.append(Entry("user" if message["role"] == "user" else message["role"], block["text"]))
        tools = [Tool(t["name"], t.get("description", ""), t.get("input_schema", {})) for t in body.get("tools", [])]
        # Some of the instructions come in the conversation, as messages of the role `system`.
        system = "\n\n".join([flat(body.get("system"))] + [e.text for e in entries if e.kind == "system"])
        return Request(system, tools, entries, body.get("model", ""), bool(body.get("stream")))

    @staticmethod
    def write(request, reply, size):
        usage = {"input_tokens": size // 4, "output_tokens": 10}
        base = {"id": f"msg_{reply.id}", "type": "message", "role": "assistant", "model": request.model}
        blocks = [{"type": "text", "text": reply.text}] if reply.text else []
        if reply.call:
            blocks.append({"type": "tool_use", "id": f"toolu_{reply.id}", "name": reply.call.name, "input": reply.arguments})
        stop = {"stop_reason": "tool_use" if reply.call else "end_turn", "stop_sequence": None}
        whole = {**base, "content": blocks, **stop, "usage": usage}
        events = [{"type": "message_start", "message": {**base, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}}]
        for index, block in enumerate(blocks):
            if block["type"] == "text":
                start, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
            else:
                start, delta = {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            events.append({"type": "content_block_start", "index": index, "content_block": start})
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        events += [{"type": "message_delta", "delta": stop, "usage": usage}, {"type": "message_stop"}]
        return whole, [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


class Responses:
    name = "OpenAI Responses"

    @staticmethod
    def read(body):
        entries = []
        names = {}
        given = body.get("input", [])
        for item in [{"type": "message", "role": "user", "content": given}] if isinstance(given, str) else given:
            kind = item.get("type", "message")
            if kind == "message":
                entries.append(Entry(item["role"], flat(item.get("content"))))
            elif kind.endswith("_output"):
                entries.append(Entry("result", flat(item.get("output")), item["call_id"], names.get(item["call_id"], "")))
            elif kind.endswith("_call"):
                names[item.get("call_id")] = item.get("name", kind)
                entries.append(Entry("call", item.get("arguments", ""), item.get("call_id", ""), item.get("name", kind)))
        tools = []
        for tool in body.get("tools", []):
            group = tool["name"] if tool["type"] == "namespace" else ""
            for each in tool["tools"] if group else [tool]:
                name = each.get("name", each.get("type", ""))
                tools.append(Tool(name, each.get("description", ""), each.get("parameters", {}), group))
        system = [body.get("instructions") or ""]
        system += [e.text for e in entries if e.kind in ("system", "developer")]
        system += [f"{t['name']}: {t['description']}" for t in body.get("tools", []) if t["type"] == "namespace" and t.get("description")]
        return Request("\n\n".join(system), tools, entries, body.get("model", ""), bool(body.get("stream")))

    @staticmethod
    def write(request, reply, size):
        usage = {"input_tokens": size // 4, "output_tokens": 10, "total_tokens": size // 4 + 10}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        items = []
        if reply.text:
            content = [{"type": "output_text", "text": reply.text, "annotations": []}]
            items.append({"type": "message", "id": f"msg_{reply.id}", "role": "assistant", "status": "completed", "content": content})
        if reply.call:
            call = {"type": "function_call", "id": f"fc_{reply.id}", "call_id": f"call_{reply.id}", "name": reply.call.name}
            call |= {"arguments": json.dumps(reply.arguments), "status": "completed"}
            items.append(call | ({"namespace": reply.call.group} if reply.call.group else {}))
        base = {"id": f"resp_{reply.id}", "object": "response", "created_at": int(time.time()), "model": request.model}
        whole = {**base, "status": "completed", "output": items, "usage": usage}
        events = [{"type": "response.created", "response": {**base, "status": "in_progress", "output": []}}]
        for index, item in enumerate(items):
            events.append({"type": "response.output_item.added", "output_index": index, "item": item})
            events.append({"type": "response.output_item.done", "output_index": index, "item": item})
        events.append({"type": "response.completed", "response": whole})
        return whole, [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


class Chat:
    name = "OpenAI chat completions"

    @staticmethod
    def read(body):
        entries = []
        names = {}
        for message in body.get("messages", []):
            if message["role"] == "tool":
                id = message["tool_call_id"]
                entries.append(Entry("result", flat(message.get("content")), id, names.get(id, "")))
                continue
            if message.get("content"):
                entries.append(Entry(message["role"], flat(message["content"])))
            for call in message.get("tool_calls") or []:
                names[call["id"]] = call["function"]["name"]
                entries.append(Entry("call", call["function"]["arguments"], call["id"], call["function"]["name"]))
        functions = [t["function"] for t in body.get("tools", []) if "function" in t]
        tools = [Tool(f["name"], f.get("description", ""), f.get("parameters", {})) for f in functions]
        system = "\n\n".join(e.text for e in entries if e.kind in ("system", "developer"))
        return Request(system, tools, entries, body.get("model", ""), bool(body.get("stream")))

    @staticmethod
    def write(request, reply, size):
        usage = {"prompt_tokens": size // 4, "completion_tokens": 10, "total_tokens": size // 4 + 10}
        message = {"role": "assistant", "content": reply.text or None}
        if reply.call:
            function = {"name": reply.call.name, "arguments": json.dumps(reply.arguments)}
            message["tool_calls"] = [{"id": f"call_{reply.id}", "type": "function", "function": function}]
        stop = "tool_calls" if reply.call else "stop"
        base = {"id": f"chatcmpl-{reply.id}", "created": int(time.time()), "model": request.model}
        whole = {**base, "object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": stop}], "usage": usage}
        delta = dict(message)
        if reply.call:
            delta["tool_calls"] = [{"index": 0, **call} for call in message["tool_calls"]]
        base |= {"object": "chat.completion.chunk"}
        chunks = [{**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}]
        chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": stop}]})
        chunks.append({**base, "choices": [], "usage": usage})
        return whole, [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"]


class Gemini:
    name = "Gemini"

    @staticmethod
    def read(body):
        entries = []
        for content in body.get("contents", []):
            for part in content["parts"]:
                if "functionCall" in part:
                    call = part["functionCall"]
                    entries.append(Entry("call", json.dumps(call.get("args")), call.get("id", ""), call["name"]))
                elif "functionResponse" in part:
                    answer = part["functionResponse"]
                    entries.append(Entry("result", flat(answer["response"]), answer.get("id", ""), answer["name"]))
                elif "text" in part:
                    entries.append(Entry("assistant" if content.get("role") == "model" else "user", part["text"]))
        tools = []
        for group in body.get("tools", []):
            for f in group.get("functionDeclarations", []):
                tools.append(Tool(f["name"], f.get("description", ""), f.get("parametersJsonSchema") or f.get("parameters", {})))
        system = flat([part.get("text", "") for part in body.get("systemInstruction", {}).get("parts", [])])
        return Request(system, tools, entries)

    @staticmethod
    def write(request, reply, size):
        parts = [{"text": reply.text}] if reply.text else []
        if reply.call:
            parts.append({"functionCall": {"name": reply.call.name, "args": reply.arguments}})
        usage = {"promptTokenCount": size // 4, "candidatesTokenCount": 10, "totalTokenCount": size // 4 + 10}
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": request.model or "scripted"}
        return whole, [f"data: {json.dumps(whole)}\n\n"]


def protocol(path):
    if path.endswith("/messages"):
        return Anthropic
    if path.endswith("/responses"):
        return Responses
    if path.endswith("/chat/completions"):
        return Chat
    return Gemini if "generateContent" in path or "GenerateContent" in path else None


# ---------------------------------------------------------------- the script


class Script:
    """For each sentence of the user the calls that follow, as (tool, arguments); `$session` is the last one that was named."""

    def __init__(self, turns):
        self.turns = turns

    def reply(self, request):
        if not request.tools:
            return Reply("A database in Kubernetes")  # a title, a summary: what agents ask for beside the conversation
        start, calls = self.last_words(request.entries)
        since = request.entries[start:]
        # A call that the agent refused or that was cut is a result too.
        # A search counts only where it is a line of the script.
        counts = lambda name: name not in SEARCHES or any(call in SEARCHES for call, _ in calls)
        done = sum(1 for e in since if e.kind == "result" and counts(e.name))
        if done >= len(calls):
            return Reply("That is all that I got.")
        name, arguments = calls[done]
        sessions = re.findall(r"s-[0-9a-f]{32}", "\n".join(e.text for e in request.entries if e.kind == "result"))
        arguments = json.loads(json.dumps(arguments).replace("$session", sessions[-1] if sessions else "$session"))
        tool = next((t for t in request.tools if re.search(rf"(^|[_-]){name}$", t.name)), None)
        if tool:
            return Reply("", tool, arguments)
        search = next((t for t in request.tools if t.name in SEARCHES), None)
        searched = sum(1 for e in since if e.kind == "result" and e.name in SEARCHES)
        if search and searched < 3:
            # As a model would that knows the bare name only.
            return Reply("", search, {"query": f"select:mcp__kubemend__{name}" if searched else f"kubernetes {name}"})
        return Reply(f"There is no tool {name}.")

    def last_words(self, entries):
        found = (0, [])
        for index, entry in enumerate(entries):
            if entry.kind == "user":
                for words, calls in self.turns.items():
                    if words in entry.text:
                        found = (index, calls)
        return found


# ---------------------------------------------------------------- what is kept


class Book:
    """What the model got, as a text: everything of the server under test once, and then what is new."""

    def __init__(self, file, raw, about):
        self.file, self.raw, self.about = file, raw, about
        self.lock = threading.Lock()
        self.count = 0
        self.seen = set()
        self.known = ""
        self.results = []  # (tool, text) in the order in which they came
        self.text = ""
        self.tools = []
        self.largest = 0
        raw.mkdir(parents=True, exist_ok=True)
        file.write_text("")

    def add(self, spoken, path, body, request, reply, size):
        with self.lock:
            self.count += 1
            (self.raw / f"{self.count:02}.json").write_text(json.dumps({"path": path, "body": body}, indent=1, ensure_ascii=False))
            self.largest = max(self.largest, size)
            self.text += request.system + "".join(e.text for e in request.entries if e.kind == "user")
            lines = [f"=== request {self.count}: {spoken.name}, {size:,} bytes, {len(request.tools)} tools", ""]
            lines += self.news(request)
            if reply.call:
                lines += [f"--> the model calls {reply.call.name} {json.dumps(reply.arguments, ensure_ascii=False)}", ""]
            else:
                lines += [f"--> the model says: {reply.text}", ""]
            with self.file.open("a") as out:
                out.write("\n".join(lines) + "\n")

    def names(self, text):
        """Whether it speaks of the server; the folder of that name says nothing."""
        return re.search(rf"(?<![/\w.-]){self.about}(?![/\w])|__{self.about}", text)

    def instructed(self, instructions):
        """Whether the model ever got them; agents indent and cut."""
        plain = lambda text: "".join(text.split())
        return bool(instructions) and plain(instructions) in plain(self.text)

    def news(self, request):
        lines = []
        about = "\n\n".join(p for p in re.split(r"\n\s*\n", request.system) if self.names(p))
        if about and about != self.known:
            lines += [f"[instructions that name the server, {len(about.encode()):,} bytes]", about, ""]
            self.known = about
        tools = [t for t in request.tools if self.about in t.name + t.group]
        if [t.name for t in tools] != [t.name for t in self.tools]:
            self.tools = tools
            lines += [f"[its tools, {sum(t.size() for t in tools):,} bytes]"]
            for tool in tools:
                lines += [f"{tool.group}{tool.name} ({tool.size():,} bytes): {tool.description}"]
                lines += [f"    {json.dumps(tool.schema, ensure_ascii=False)}"]
            lines += [""]
        for entry in request.entries:
            key = (entry.kind, entry.call, entry.text)
            if key in self.seen or entry.kind in ("assistant", "call", "system", "developer"):
                continue
            self.seen.add(key)
            if entry.kind == "result":
                lines += [f"[result of {entry.name}, {len(entry.text.encode()):,} bytes]", entry.text, ""]
                self.results.append((entry.name, entry.text))
            elif self.names(entry.text):
                lines += ["[user]", entry.text, ""]
            else:
                lines += [f"[user] {entry.text if len(entry.text) < 300 else entry.text[:200] + f' … ({len(entry.text):,} characters)'}", ""]
        return lines


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer({}, body=False)

    def do_GET(self):
        model = {"id": "scripted", "object": "model", "name": "models/scripted", "display_name": "scripted", "created": 0, "owned_by": "nobody"}
        self.answer({"object": "list", "data": [model], "models": [], "has_more": False})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        path = self.path.split("?")[0]
        spoken = protocol(path)
        if "count" in path.lower():
            return self.answer({"input_tokens": len(raw) // 4, "totalTokens": len(raw) // 4})
        if not spoken:
            return self.answer({})
        body = json.loads(raw)
        request = spoken.read(body)
        request.stream |= "stream" in path
        reply = self.server.script.reply(request)
        reply.id = f"{time.time_ns():x}"
        self.server.book.add(spoken, path, body, request, reply, len(raw))
        whole, events = spoken.write(request, reply, len(raw))
        if not request.stream:
            return self.answer(whole)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            self.wfile.write(event.encode())
        self.close_connection = True

    def answer(self, data, body=True):
        text = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if body:
            self.wfile.write(text)


class Endpoint(ThreadingHTTPServer):
    """Serves on a free port of the loopback address, in a thread that ends with the process."""

    daemon_threads = True

    def __init__(self, turns, file, raw, about="kubemend"):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = Script(turns)
        self.book = Book(Path(file), Path(raw), about)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """An agent that is ended in the middle of an answer closes its connection; a fault of our own is shown."""
        import sys
        import traceback

        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()
