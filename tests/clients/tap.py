"""Stands between a client and an MCP server on stdio, passes every line on as it is, and writes it down.

    tap.py FILE COMMAND [ARGUMENT]...      each line of FILE: {"at": seconds, "from": "client" or "server", "line": ...}
"""

import json
import subprocess
import sys
import threading
import time


def main():
    file = open(sys.argv[1], "a", buffering=1)
    server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lock = threading.Lock()

    def copy(source, target, who):
        for line in source:
            with lock:
                try:
                    said = json.loads(line)
                except ValueError:
                    said = line.decode(errors="replace")
                file.write(json.dumps({"at": time.time(), "from": who, "line": said}) + "\n")
            try:
                target.write(line)
                target.flush()
            except OSError:
                break
        if who == "client":
            server.stdin.close()

    threading.Thread(target=copy, args=(sys.stdin.buffer, server.stdin, "client"), daemon=True).start()
    copy(server.stdout, sys.stdout.buffer, "server")
    sys.exit(server.wait())


main()
