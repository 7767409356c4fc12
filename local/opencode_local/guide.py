"""What a person needs to use the running gateway: facts for scripts, text to paste for people."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RUN_FILE = Path(".local/run.json")
CHAT_MODEL = "claude-sonnet-4-6"
MODELS_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Run:
    """One running gateway; `.local/run.json` holds the same while it runs."""

    url: str
    api_key: str
    issuer: str
    client_id: str
    models: list[str]
    limits: dict[str, dict[str, int]]
    """Tokens by model id: `context` and `output`, OpenCode's words for them."""
    bedrock_url: str
    metrics_url: str

    def write(self, file: Path = RUN_FILE) -> None:
        """Readable by its owner alone from the first byte: it holds a key."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=2) + "\n")

    def opencode_json(self) -> str:
        """An `opencode.json` for OpenCode. Source: opencode.ai/docs/providers, "Custom provider" (read 2026-11-21)."""
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Bedrock gateway",
            "options": {"baseURL": f"{self.url}/v1", "apiKey": "{env:OPENCODE_API_KEY}"},
            "models": {name: self.opencode_model(name) for name in (CHAT_MODEL, *self.models[:MODELS_SHOWN])},
        }
        config = {
            "$schema": "https://opencode.ai/config.json",
            "provider": {"bedrock": provider},
            "model": f"bedrock/{CHAT_MODEL}",
        }
        return json.dumps(config, indent=2)

    def opencode_model(self, name: str) -> dict[str, Any]:
        """Without limits OpenCode asks every model for 32,000 tokens, and some have fewer."""
        return {"name": name, "limit": self.limits[name]} if name in self.limits else {"name": name}

    def text(self) -> str:
        body = json.dumps({"model": CHAT_MODEL, "messages": [{"role": "user", "content": "Say hello"}]})
        return f"""
The gateway is ready.

  URL       {self.url}          (OpenAI: {self.url}/v1, Anthropic: {self.url})
  API key   {self.api_key}
  Sign in   {self.issuer}  (client {self.client_id})
  Bedrock   {self.bedrock_url}
  Metrics   {self.metrics_url}

Try it:

  curl {self.url}/v1/chat/completions \\
    -H 'Authorization: Bearer {self.api_key}' -H 'Content-Type: application/json' \\
    -d '{body}'

Claude Code:

  export ANTHROPIC_BASE_URL={self.url} ANTHROPIC_AUTH_TOKEN={self.api_key}
  claude

OpenCode: export OPENCODE_API_KEY={self.api_key} and put this into opencode.json:

{self.opencode_json()}

These facts stand in {RUN_FILE} while the gateway runs. Ctrl-C stops everything.
"""
