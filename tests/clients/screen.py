"""A terminal of a given size: a program in it, the keys that it gets, and the screen as a person sees it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import threading
import time

import pyte

# Modes and queries that pyte takes for something else: they change nothing that is visible.
UNSEEN = re.compile(rb"\x1b\[[<>=?][0-9;:]*(?:[ -/]*)[a-gi-km-zA-IL-Z~]|\x1bP.*?\x1b\\|\x1b_.*?\x1b\\", re.S)
BEGUN = re.compile(rb"\x1b(?:\[[0-9;:<>=?]*[ -/]*|\][^\x07\x1b]*|[P_][^\x1b]*\x1b?)?$", re.S)
SETTLED = 0.6


class Gone(Exception):
    """The program ended, or what was waited for did not come."""


class Screen(pyte.HistoryScreen):
    """Takes what pyte's own would stumble over: a question about keys that looks like a color."""

    def select_graphic_rendition(self, *attributes, private=False):
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    def __init__(self, command, env, cwd, columns, rows):
        self.screen = Screen(columns, rows, history=2000)
        self.fault = None
        self.screen.write_process_input = lambda text: self.send(text)
        self.stream = pyte.ByteStream(self.screen)
        self.lock = threading.Lock()
        self.changed = time.monotonic()
        self.rest = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(command[0], command, {**env, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        threading.Thread(target=self.pump, daemon=True).start()

    def pump(self):
        while True:
            try:
                select.select([self.fd], [], [])
                data = os.read(self.fd, 65536)
            except (OSError, ValueError):
                return
            if not data:
                return
            data = self.rest + data
            begun = BEGUN.search(data)
            cut = begun.start() if begun and len(data) - begun.start() < 65536 else len(data)
            data, self.rest = data[:cut], data[cut:]
            self.queries(data)
            with self.lock:
                before = self.screen.display
                try:
                    self.stream.feed(UNSEEN.sub(b"", data))
                except (TypeError, ValueError, IndexError) as error:
                    self.fault = f"the terminal did not understand {data[:200]!r}: {error}"
                if self.screen.display != before:
                    self.changed = time.monotonic()

    def queries(self, data):
        """Answers what a program asks its terminal and pyte does not know: the colors, and the name."""
        for which in (b"10", b"11"):
            if b"\x1b]" + which + b";?" in data:
                color = "cccc/cccc/cccc" if which == b"10" else "0000/0000/0000"
                self.send(f"\x1b]{which.decode()};rgb:{color}\x1b\\")

    def send(self, text):
        os.write(self.fd, text.encode())

    def type(self, text):
        """Types as a person does: what comes all at once is taken for pasted text."""
        for character in text:
            self.send(character)
            time.sleep(0.01)

    def press(self, *keys):
        named = {"enter": "\r", "escape": "\x1b", "space": " ", "down": "\x1b[B", "up": "\x1b[A", "tab": "\t", "right": "\x1b[C"}
        for key in keys:
            self.send(named.get(key, key))
            time.sleep(0.5)

    def text(self):
        with self.lock:
            lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return "\n".join(lines)

    def wait(self, *patterns, seconds=60):
        """Waits until the screen shows one of them and holds still; says which. A program that animates never holds still."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            shown = self.text()
            found = next((p for p in patterns if re.search(p, shown)), None)
            if found:
                until = time.monotonic() + 3
                while time.monotonic() - self.changed < SETTLED and time.monotonic() < until:
                    time.sleep(0.1)
                # What was found can have been the last frame of something else.
                found = next((p for p in patterns if re.search(p, self.text())), None)
                if found:
                    return found
            if self.fault:
                raise Gone(self.fault)
            if not self.alive():
                raise Gone(f"the program ended while {' or '.join(patterns)} was waited for")
            time.sleep(0.1)
        raise Gone(f"{' or '.join(patterns)} did not come within {seconds} s")

    def alive(self):
        try:
            return os.waitpid(self.pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:
            return False

    def end(self):
        """Ends the program, with what it started."""
        for kill in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, kill)
            except ProcessLookupError:
                break
            until = time.monotonic() + 3
            while time.monotonic() < until:
                if not self.alive():
                    break
                time.sleep(0.1)
        try:
            os.close(self.fd)
        except OSError:
            pass
