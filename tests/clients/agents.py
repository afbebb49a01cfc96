"""How each coding agent is set up, started and answered: its own commands and files, in a home of its own.

The keys are a person's, and the patterns are what that person waits for on the screen.
"""

import json
import os
import subprocess
from pathlib import Path

KEY = "no-key-is-needed-on-the-loopback-address"
TOOLS = ("analyze", "remediate", "validate")


class Agent:
    """What all have in common. `home` is the agent's whole world: nothing of the user's own set-up is read or written."""

    name = ""
    can_ask = True
    searches = False
    prompt = ""
    # On the screen: it waits for words; it asks whether the folder can be trusted, and the like, with the keys that answer;
    # it shows the question; it says that it is done.
    ready = ""
    first = ()
    question = ""
    done = "That is all that I got"
    # How a person closes the dialog, and how a person cuts a call.
    close = ("escape",)
    cut = ("escape",)

    def __init__(self, program, home, url, server, server_env):
        self.program, self.home, self.url = program, Path(home), url
        self.server, self.server_env = server, server_env
        self.work = self.home / "project"
        self.work.mkdir(parents=True, exist_ok=True)
        keep = ("PATH", "LANG", "LC_ALL", "TMPDIR")
        self.env = {name: os.environ[name] for name in keep if name in os.environ}
        self.env |= {"HOME": str(self.home), "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1", "COLORTERM": "truecolor"}
        self.env |= self.environment()
        self.set_up()

    def run(self, *arguments):
        """A command of the agent's own; its output is a person's to read."""
        out = subprocess.run([self.program, *arguments], env=self.env, cwd=self.work, capture_output=True, text=True, timeout=120)
        return f"$ {self.name} {' '.join(arguments)}\n{out.stdout}{out.stderr}"

    def write(self, file, data):
        path = self.home / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data if isinstance(data, str) else json.dumps(data, indent=1))

    # Most show the choice as a list, with "Change nothing" under the cursor.
    def apply(self, terminal, see):
        terminal.press("down")
        see("chosen")
        terminal.press("enter")

    def refuse(self, terminal, see):
        terminal.press("enter")

    def later(self, terminal, see):
        terminal.press("down", "down")
        see("chosen")
        terminal.press("enter")


class ClaudeCode(Agent):
    name = "claude-code"
    searches = True
    prompt = "/mcp__kubemend__fix "
    ready = r"❯"
    question = r"(?s)Accept.*Decline"

    def environment(self):
        off = ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(off, "1")}

    def set_up(self):
        trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
        known = {"hasCompletedOnboarding": True, "theme": "dark", "projects": {str(self.work): trusted}}
        self.write(".claude.json", known | {"customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []}})
        env = [word for name, value in self.server_env.items() for word in ("-e", f"{name}={value}")]
        self.said = self.run("mcp", "add", "-s", "user", "kubemend", *env, "--", *self.server)
        self.said += self.run("mcp", "list")

    def allowed(self):
        return ["--allowedTools", ",".join(f"mcp__kubemend__{tool}" for tool in TOOLS)]

    def headless(self, words):
        return [self.program, "-p", words, *self.allowed()]

    def terminal(self):
        return [self.program, *self.allowed()]

    def apply(self, terminal, see):
        """The choice is closed at first: opened with the arrow, one value marked with Space, then Accept."""
        terminal.press("right", "down", "space")
        see("chosen")
        terminal.press("down", "enter")

    def later(self, terminal, see):
        terminal.press("right", "down", "down", "space")
        see("chosen")
        terminal.press("down", "enter")

    def refuse(self, terminal, see):
        terminal.press("right", "space")
        see("chosen")
        terminal.press("down", "down", "enter")


class Codex(Agent):
    name = "codex"
    ready = r"›"
    first = ((r"Do you trust", ("enter",)),)
    question = r"Change nothing"

    def environment(self):
        return {"CODEX_HOME": str(self.home / ".codex"), "KUBEMEND_TEST_LOOPBACK_KEY": KEY}

    def set_up(self):
        self.write(
            ".codex/config.toml",
            f'model = "scripted"\nmodel_provider = "loopback"\ncheck_for_update_on_startup = false\n\n'
            f'[model_providers.loopback]\nname = "loopback"\nbase_url = "{self.url}/v1"\nwire_api = "responses"\n'
            f'env_key = "KUBEMEND_TEST_LOOPBACK_KEY"\n\n[analytics]\nenabled = false\n\n'
            f'[projects."{self.work}"]\ntrust_level = "trusted"\n',
        )
        env = [word for name, value in self.server_env.items() for word in ("--env", f"{name}={value}")]
        self.said = self.run("mcp", "add", "kubemend", *env, "--", *self.server)
        config = self.home / ".codex/config.toml"
        config.write_text(config.read_text().replace("[mcp_servers.kubemend]\n", '[mcp_servers.kubemend]\ndefault_tools_approval_mode = "approve"\n'))
        self.said += self.run("mcp", "list")

    def headless(self, words):
        return [self.program, "exec", "--skip-git-repo-check", words]

    def terminal(self):
        # Its daemon would outlive the terminal.
        return [self.program, "--no-daemon"]


class Copilot(Agent):
    name = "copilot"
    ready = r"/ commands"
    first = ((r"(?i)do you trust", ("enter",)),)
    question = r"Change nothing"
    cut = ("escape", "escape")

    def environment(self):
        provider = {"BASE_URL": f"{self.url}/v1", "TYPE": "openai", "API_KEY": KEY}
        env = {f"COPILOT_PROVIDER_{name}": value for name, value in provider.items()}
        return env | {"COPILOT_OFFLINE": "true", "COPILOT_MODEL": "scripted", "COPILOT_HOME": str(self.home / ".copilot"), "COPILOT_AUTO_UPDATE": "false"}

    def set_up(self):
        self.write(".copilot/config.json", {"trusted_folders": [str(self.work)], "trustedFolders": [str(self.work)], "banner": "never"})
        env = [word for name, value in self.server_env.items() for word in ("--env", f"{name}={value}")]
        self.said = self.run("mcp", "add", "kubemend", *env, "--", *self.server)
        self.said += self.run("mcp", "list")

    def headless(self, words):
        return [self.program, "-p", words, "--allow-tool", "kubemend"]

    def terminal(self):
        return [self.program, "--allow-tool", "kubemend"]


class GeminiCli(Agent):
    name = "gemini-cli"
    can_ask = False
    ready = r"Type your message"
    question = "a question that it cannot show"

    def environment(self):
        return {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": self.url, "GEMINI_CLI_TRUST_WORKSPACE": "true"}

    def set_up(self):
        self.write(
            ".gemini/settings.json",
            {
                "security": {"auth": {"selectedType": "gemini-api-key"}},
                "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
                "privacy": {"usageStatisticsEnabled": False},
                "telemetry": {"enabled": False},
            },
        )
        env = [word for name, value in self.server_env.items() for word in ("-e", f"{name}={value}")]
        self.said = self.run("mcp", "add", "-s", "user", *env, "--trust", "kubemend", *self.server)
        self.said += self.run("mcp", "list")

    def headless(self, words):
        # With a model by name, since the choice of one would be a request of its own that wants a number.
        return [self.program, "-p", words, "--yolo", "--model", "gemini-2.5-pro"]

    def terminal(self):
        return [self.program, "--yolo", "--model", "gemini-2.5-pro"]


ALL = {agent.name: agent for agent in (ClaudeCode, Codex, Copilot, GeminiCli)}
