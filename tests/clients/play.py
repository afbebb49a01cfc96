"""Plays kubemend in other people's coding agents, writes what a person sees and what a model gets, and checks what has to hold.

    play.py --kubemend FILE --kubeconfig FILE --kubectl COMMAND --out FOLDER [--plays NAME,…] AGENT=PROGRAM

Each play has a namespace with a database whose claim does not exist, a temporary home for the agent, and the
folder FOLDER/AGENT/PLAY:

    screen.txt   the screens, one below the other, with what was typed
    model.txt    what the model got: instructions, tools and results, request by request
    wire.txt     what passed between agent and server, a message a line, with times
    shown.txt    what `kubemend show` says afterwards
    raw/         each request to the model, whole

FOLDER/AGENT/summary.txt has a line for each check and the sizes. Exit code 1: a check failed.
"""

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import agents
from endpoint import Endpoint
from screen import Gone, Terminal

HERE = Path(__file__).resolve().parent
CASE = HERE.parent.parent / "src/cli/demo/deployment.yaml"
SMALL, FULL = (80, 24), (200, 60)
# What agents put between the words of a text, and what stands where one of our lines goes on.
FRAME = r"[\s│┃▎↳\\]"
# A key of a ConfigMap whose name lacks its end.
LONG_NAMES = """
apiVersion: v1
kind: ConfigMap
metadata: {name: payment-service-app-configuration}
data: {PAYMENT_URL: "https://payments.internal"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: payment-service-checkout-worker}
spec:
  selector: {matchLabels: {app: payment-service-checkout-worker}}
  template:
    metadata: {labels: {app: payment-service-checkout-worker}}
    spec:
      containers:
        - name: checkout
          image: example/checkout:2.0
          env:
            - name: PAYMENT_URL
              valueFrom: {configMapKeyRef: {name: payment-service-app-config, key: PAYMENT_URL}}
"""


class Play:
    """One agent, one story."""

    size = SMALL
    # Whether the server, and a person's terminal, find `kubemend` by its name.
    on_path = False
    settle = "5s"
    # What the first line of the question says, and what is seen of the case before anybody is called.
    change = r"^New empty claim \S+: \S+ \(assumed\), RWO, "
    broken = "FailedScheduling"
    names = "a-team"

    def __init__(self, given, name):
        self.given, self.kind = given, agents.ALL[given.agent]
        self.folder = Path(given.out).resolve() / given.agent / name
        self.checks = []
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.screens = (self.folder / "screen.txt").open("w", buffering=1)

    @staticmethod
    def suits(agent):
        """Whether the story can be played with this agent."""
        return agent.can_ask

    def turns(self):
        return {self.words: [("remediate", {"issue": self.words})], self.later: [("analyze", {"issue": self.later})]}

    # ------------------------------------------------------------ the stage

    def kubectl(self, *arguments, check=True):
        command = [*shlex.split(self.given.kubectl), "--kubeconfig", self.given.kubeconfig, *arguments]
        out = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if check and out.returncode:
            raise Gone(f"kubectl {' '.join(arguments)}: {out.stderr.strip()}")
        return out.stdout

    def kubemend(self, *arguments):
        env = {"PATH": "/usr/bin:/bin", **self.server_env}
        out = subprocess.run([self.given.kubemend, *arguments], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return out.stdout + out.stderr

    def new_namespace(self):
        """Plays that run side by side do not take each other's."""
        for number in range(1, 1000):
            name = f"{self.names}-{number}"
            if f"{name} created" in self.kubectl("create", "namespace", name, check=False):
                return name
        raise Gone("no namespace could be created")

    def prepare(self):
        self.namespace = self.new_namespace()
        self.words = f"Something is wrong with my database in the {self.namespace} namespace."
        self.later = f"Is the database in {self.namespace} up now?"
        # A claim of the same name in another namespace would be a different case: that of a claim in the wrong place.
        self.claim = self.namespace.replace("a-team", "data")
        manifest = self.folder / "case.yaml"
        manifest.write_text(self.case())
        self.kubectl("apply", "-n", self.namespace, "-f", str(manifest))
        until = time.monotonic() + 60
        while self.broken not in self.kubectl("get", "events,pods", "-n", self.namespace):
            if time.monotonic() > until:
                raise Gone("the case did not come up")
            time.sleep(0.3)
        # A home of its own, outside of any repository: neither the user's agents nor what they know of this one play a part.
        self.home = home = Path(tempfile.mkdtemp(prefix="kubemend-client-"))
        self.server_env = {"KUBECONFIG": str(Path(self.given.kubeconfig).resolve()), "XDG_STATE_HOME": str(home / "state")}
        self.server_env |= {"KUBEMEND_SETTLE": self.settle}
        self.bin = home / "bin"
        if self.on_path:
            self.bin.mkdir()
            (self.bin / "kubemend").symlink_to(Path(self.given.kubemend).resolve())
            # A folder whose name has room in a line.
            self.short = Path(tempfile.mkdtemp(prefix="km", dir="/tmp"))
            self.server_env |= {"PATH": f"{self.bin}:/usr/bin:/bin", "XDG_STATE_HOME": str(self.short)}
        self.wire = self.folder / "wire.jsonl"
        server = [sys.executable, str(HERE / "tap.py"), str(self.wire), str(Path(self.given.kubemend).resolve())]
        self.endpoint = Endpoint(self.turns(), self.folder / "model.txt", self.folder / "raw")
        self.agent = self.kind(self.given.program, home, self.endpoint.url, server, self.server_env)
        self.show("set-up", self.agent.said)

    def show(self, title, text):
        self.screens.write(f"=== {title}\n{text}\n\n")

    # ------------------------------------------------------------ what is known afterwards

    def messages(self, who=None):
        lines = [json.loads(line) for line in self.wire.read_text().splitlines()] if self.wire.exists() else []
        return [line for line in lines if who in (None, line["from"]) and isinstance(line["line"], dict)]

    def question(self):
        """The text that the server wants a person to see, in whichever way it asks."""

        def inside(value):
            if isinstance(value, dict):
                if "requestedSchema" in value and "message" in value:
                    return value["message"]
                value = list(value.values())
            if isinstance(value, list):
                return next(filter(None, map(inside, value)), None)
            return None

        return next(filter(None, (inside(line["line"]) for line in self.messages("server"))), None)

    def result(self, tool="remediate"):
        """What the model got of the last call of this tool."""
        return next((text for name, text in reversed(self.endpoint.book.results) if re.search(rf"(^|[_-]){tool}$", name)), "")

    def session(self):
        """The id of the remediation: from the store, since a call that was cut gave none."""
        ids = re.findall(r"s-[0-9a-f]{32}", self.kubemend("sessions"))
        return next((id for id in ids if json.loads(self.kubemend("show", id, "-o", "json")).get("plan")), None)

    def case(self):
        return CASE.read_text().replace("postgres-pvc", self.claim)

    def claimed(self):
        return self.claim in self.kubectl("get", "persistentvolumeclaims", "-n", self.namespace, "-o", "name")

    def check(self, claim, holds, why=""):
        self.checks.append((claim, bool(holds), "" if holds else why))

    def check_waiting(self):
        self.check("nothing was written", not self.claimed(), "the claim exists")
        got = self.result()
        self.check("the model learns that the plan waits", "awaitingApproval" in got, got[:300])
        shown = self.kubemend("show", self.session() or "none")
        self.check("the session waits", "awaitingApproval" in self.kubemend("show", self.session() or "none", "-o", "json"), shown[-300:])
        return shown

    def check_resolved(self):
        got = self.result()
        self.check("the change was made", self.claimed(), "there is no claim")
        self.check("the model learns that it is resolved", "resolved" in got and "unresolved" not in got, got[:300])

    # ------------------------------------------------------------ from start to end

    def run(self):
        began = time.monotonic()
        try:
            self.prepare()
            self.play()
        except (Gone, subprocess.TimeoutExpired) as error:
            self.check("it can be played", False, str(error))
        finally:
            self.finish(time.monotonic() - began)

    def finish(self, seconds):
        self.screens.close()
        if hasattr(self, "agent"):
            self.endpoint.shutdown()
            shown = self.kubemend("sessions") + "\n" + (self.kubemend("show", self.session()) if self.session() else "")
            (self.folder / "shown.txt").write_text(shown)
            start = next((line["at"] for line in self.messages()), 0)
            said = (m["line"].get("result", {}).get("instructions") for m in self.messages("server"))
            self.instructions = next(filter(None, said), "")
            lines = (f"{m['at'] - start:8.3f} {m['from']}: {json.dumps(m['line'], ensure_ascii=False)}" for m in self.messages())
            (self.folder / "wire.txt").write_text("\n".join(lines) + "\n")
            self.wire.unlink(missing_ok=True)
            shutil.rmtree(self.home, ignore_errors=True)
            if self.on_path:
                shutil.rmtree(self.short, ignore_errors=True)
        if hasattr(self, "namespace"):
            self.kubectl("delete", "namespace", self.namespace, "--wait=false", check=False)
        self.seconds = seconds

    def sizes(self):
        book = self.endpoint.book
        results = ", ".join(f"{name} {len(text.encode()):,}" for name, text in book.results if self.said_by(name))
        tools = sum(tool.size() for tool in book.tools)
        given = "given" if book.instructed(self.instructions) else "NOT given"
        sizes = f"instructions {len(self.instructions.encode()):,} {given}, tools {tools:,}, results: {results or 'none'}"
        return f"{sizes}; {book.count} requests of at most {book.largest:,} bytes"

    @staticmethod
    def said_by(name):
        return re.search(r"(^|[_-])(analyze|remediate|validate)$", name)


class Headless(Play):
    """Nobody is there: the agent answers by itself, or cannot ask."""

    @staticmethod
    def suits(agent):
        return True

    def run_agent(self):
        command = self.agent.headless(self.words)
        out = subprocess.run(
            command, env=self.agent.env, cwd=self.agent.work, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL
        )
        self.show(f"$ {' '.join([self.agent.name, *command[1:]])}", f"{out.stdout}{out.stderr}\nexit code {out.returncode}")

    def play(self):
        self.run_agent()
        shown = self.check_waiting()
        if self.question():
            self.check("the record says that the client answered by itself", "by itself" in shown, shown[-400:])


class Searches(Headless):
    """An agent that knows bare names only looks for tools with a model's words, and finds them or does not."""

    QUERIES = ("kubernetes", "k8s", "kubernetes troubleshoot pod", "cluster database down", "namespace pod crash diagnose", "fix deployment",
        "kubectl", "pvc", "outage", "crashloop", "website not reachable", "database")

    @staticmethod
    def suits(agent):
        return agent.searches

    def turns(self):
        return {self.words: [("ToolSearch", {"query": query}) for query in self.QUERIES]}

    def play(self):
        self.run_agent()
        book = self.endpoint.book
        found = [text for name, text in book.results if name == "ToolSearch"]
        self.check("each search was answered", len(found) == len(self.QUERIES), f"{len(found)} of {len(self.QUERIES)}")
        for query, text in zip(self.QUERIES, found):
            names = re.findall(r"__kubemend__(\w+)", text)
            self.check(f"`{query}` finds {' and '.join(names) or 'nothing'}", "remediate" in names, text)


class InTerminal(Play):
    def play(self):
        self.terminal = Terminal(self.agent.terminal(), self.agent.env, self.agent.work, *self.size)
        try:
            self.wait(self.agent.ready, 60)
            self.say(self.words)
            found = self.terminal.wait(self.agent.question, self.agent.done, seconds=90)
            self.see("the question")
            if found == self.agent.done and self.agent.can_ask:
                raise Gone(f"nothing was asked: {self.result()[:400]}")
            self.asked()
        except Gone as error:
            self.see(f"where it ended: {error}")
            raise
        finally:
            self.terminal.end()

    def wait(self, pattern, seconds):
        """The same as the terminal's, and the agent's own questions on the way are answered."""
        first = dict(self.agent.first)
        while (found := self.terminal.wait(*first, pattern, seconds=seconds)) != pattern:
            self.see("a question of the agent's own")
            self.terminal.press(*first.pop(found))

    def say(self, words):
        self.terminal.type(words)
        # What is pressed before the words are there is lost on a busy machine. Agents break lines inside of words, too.
        self.terminal.wait(f"{FRAME}*".join(map(re.escape, "".join(words.split()))), seconds=30)
        self.terminal.press("enter")

    def see(self, title):
        columns, rows = self.size
        self.show(f"{title} ({columns}×{rows})", self.terminal.text())

    def asked(self):
        raise NotImplementedError

    LATER = "after “ask me later”"

    def typed(self, command):
        """What a terminal prints that knows nothing of the agent and its server."""
        env = {"HOME": str(Path.home()), "PATH": f"{self.bin}:/usr/bin:/bin" if self.on_path else "/usr/bin:/bin"}
        out = subprocess.run(["sh", "-c", command], env=env, cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        return re.sub(r"\s+", " ", out.stdout + out.stderr)

    def check_first_lines(self):
        """
        Clients cut a question, so what its first lines say has to be on the screen, whole: what changes, where and with which
        risk and undo, and how to see all of it. Borders and line breaks do not count.
        """
        question = self.question() or ""
        lines = question.split("\n\n")[0].split("\n")
        self.check("the question opens with three lines", len(lines) == 3, question[:300])
        if len(lines) != 3:
            return
        self.check("each of 74 columns at most", all(len(line) <= 74 for line in lines), str([len(line) for line in lines]))
        plain = lambda text: re.sub(f"{FRAME}+", "", text)
        screen = plain(self.terminal.text())
        parts = {
            "what changes": self.change,
            "where": r"^on .+ \(.+\)(, namespace | in )",
            "risk and undo": r"; risk (low|medium|high); (undone on failure|can be undone|undo in part only|no undo)$",
        }
        for (what, pattern), line in zip(parts.items(), (lines[0], lines[1], lines[1])):
            self.check(f"said: {what}", re.search(pattern, line), line)
            self.check(f"visible: {what}", plain(line) in screen, line)
        self.check_way_to_the_plan(question, lines[2], screen, plain)

    def check_way_to_the_plan(self, question, third, screen, plain):
        """A command in the third line, or the one that the end of the question has, is on the screen and shows this plan when it is run."""
        digest = re.search(r"^digest:\s+(?:↳ )?(sha256:[0-9a-f]{64})$", question, re.M)[1]
        found = re.search(r"^whole plan(?: until \d\d:\d\dZ)?: (.+)$", third)
        self.check("said: how to see all of it", found, third)
        last = question.split("\n\n")[-1].replace("\\\n  ", "").strip().split("\n")[-1].split(": ", 1)[-1]
        # A dialog that begins with the end of a question has the whole command there.
        ways = [way for way in (found and found[1], last) if way and plain(way) in screen]
        self.check("visible: how to see all of it", ways, third)
        for way in ways:
            if way.endswith(self.LATER):
                self.check("the other ways lead to it", " show " in last and digest in self.typed(last), last)
            else:
                self.check("what is visible shows the plan", digest in self.typed(way), f"{way}: {self.typed(way)[-300:]}")
        if self.on_path:
            self.check("the short command is there", any(way.startswith("kubemend show s-") for way in ways), str(ways))


class Waits(InTerminal):
    """The agent cannot ask: what a person sees of a plan that waits."""

    @staticmethod
    def suits(agent):
        return not agent.can_ask

    def asked(self):
        self.check_waiting()


class WaitsInFull(Waits):
    size = FULL


class Yes(InTerminal):
    """A person chooses the plan."""

    def asked(self):
        self.check_first_lines()
        self.agent.apply(self.terminal, self.see)
        self.terminal.wait(self.agent.done, seconds=90)
        self.see("afterwards")
        self.check_resolved()


class YesInFull(Yes):
    size = FULL


class OnPath(Yes):
    """The same where `kubemend` is found by its name."""

    on_path = True


class Later(InTerminal):
    """A person chooses to be asked later: nothing is decided, and what comes back leads to the whole plan."""

    def asked(self):
        digest = re.search(r"sha256:[0-9a-f]{64}", self.question() or "")
        self.agent.later(self.terminal, self.see)
        self.terminal.wait(self.agent.done, seconds=60)
        self.see("afterwards")
        self.check_waiting()
        way = re.search(r"`([^`]* approve s-[0-9a-f]{32}[^`]*)`", self.result())
        shown = self.typed(way[1]) if way else ""
        self.check("what comes back shows the plan", digest and digest[0] in shown, f"{self.result()[:300]}: {shown[-300:]}")
        self.check("nothing was written", not self.claimed(), "the claim exists")


class LongNames(Yes):
    """Another fault, with names as long as people's are: what fits no line whole is there, shortened."""

    names = "payments-and-settlement-production"
    broken = "CreateContainerConfigError"
    # Nothing there is called "database".
    change = r"^(not database\? )?\S+ig → \S+iguration: \S+\.name~\S{4} of Deployment pay\S+~\S{4}$"

    def case(self):
        return LONG_NAMES

    def claimed(self):
        now = "{.spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.name}"
        got = self.kubectl("get", "deployment", "payment-service-checkout-worker", "-n", self.namespace, "-o", f"jsonpath={now}")
        return got == "payment-service-app-configuration"


class Prompt(InTerminal):
    """A person uses the server's prompt, with words behind it."""

    @staticmethod
    def suits(agent):
        return bool(agent.prompt)

    def say(self, words):
        super().say(self.agent.prompt + words)

    def asked(self):
        self.check("a question was asked", self.question(), "no question passed the wire")
        # Agents split arguments at spaces, so the first word alone can arrive.
        told = "\n".join(json.dumps(m["line"]) for m in self.messages("server") if '"messages"' in json.dumps(m["line"]))
        self.check("a part of the words is not passed off as all of them", self.words in told or "exactly" not in told, told[:600])


class No(InTerminal):
    """A person chooses to change nothing."""

    def asked(self):
        self.agent.refuse(self.terminal, self.see)
        self.terminal.wait(self.agent.done, seconds=60)
        self.see("afterwards")
        self.check("nothing was written", not self.claimed(), "the claim exists")
        self.check("the model learns that it was declined", "declined" in self.result(), self.result()[:300])


class Closed(InTerminal):
    """A person closes the dialog: that decides nothing."""

    def asked(self):
        self.terminal.press(*self.agent.close)
        # Some agents end the turn with the dialog, so the model gets the result with the next words.
        time.sleep(4)
        self.see("closed")
        if not re.search(self.agent.done, self.terminal.text()):
            self.say(self.later)
            self.terminal.wait(self.agent.done, seconds=60)
            self.see("afterwards")
            self.check("nothing was written", not self.claimed(), "the claim exists")
            self.check("the session waits", "awaitingApproval" in self.kubemend("show", self.session(), "-o", "json"))
        else:
            self.check_waiting()


class Cut(InTerminal):
    """The call is cut after the approval: the change is carried out, and the next look names its session."""

    settle = "15s"

    def asked(self):
        self.agent.apply(self.terminal, self.see)
        time.sleep(2)
        self.see("approved")
        self.terminal.press(*self.agent.cut)
        time.sleep(2)
        self.see("cut")
        self.say(self.later)
        self.terminal.wait(self.agent.done, seconds=90)
        self.see("afterwards")
        self.check("the change was made", self.claimed(), "there is no claim")
        session = self.session()
        self.check("the next look names the session", session and session in self.result("analyze"), f"{session} is not in: {self.result('analyze')[:600]}")


PLAYS = {"headless": Headless, "yes-80x24": Yes, "yes-200x60": YesInFull, "long-names-80x24": LongNames, "no-80x24": No, "closed-80x24": Closed, "cut-80x24": Cut}
PLAYS |= {"path-80x24": OnPath, "later-80x24": Later}
PLAYS |= {"waits-80x24": Waits, "waits-200x60": WaitsInFull, "search": Searches, "prompt-80x24": Prompt}


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("kubemend", "kubeconfig", "kubectl", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--plays", default=",".join(PLAYS))
    parser.add_argument("agent", metavar="AGENT=PROGRAM")
    given = parser.parse_args()
    given.agent, given.program = given.agent.split("=", 1)
    return given


def main():
    given = arguments()
    failed = False
    folder = Path(given.out).resolve() / given.agent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "summary.txt").open("w", buffering=1) as summary:
        for name in given.plays.split(","):
            kind = PLAYS[name]
            if not kind.suits(agents.ALL[given.agent]):
                continue
            play = kind(given, name)
            play.run()
            lines = [f"{given.agent} {name} ({play.seconds:.0f} s)"]
            for claim, holds, why in play.checks:
                failed |= not holds
                lines.append(f"  {'ok    ' if holds else 'FAILED'} {claim}{': ' + ' '.join(why.split()) if why else ''}")
            if hasattr(play, "agent"):
                lines.append(f"  bytes  {play.sizes()}")
            print("\n".join(lines), flush=True)
            summary.write("\n".join(lines) + "\n")
    sys.exit(failed)


main()
