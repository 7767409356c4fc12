"""What a person reads when the cloud is up: text to paste."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_local.run.run_file import RUN_FILE, Run

CHAT_MODEL = "claude-sonnet-4-6"
MODELS_SHOWN = 6
END = f"These facts are in {RUN_FILE}, which `make status`, `make logs` and `make down` read. Ctrl-C stops all."


def opencode_config(url: str, models: Sequence[str], limits: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """An `opencode.json` for OpenCode; `limits` are tokens by model, as a Run has them.

    Without limits OpenCode asks every model for 32,000 tokens, and some have fewer.
    Source: opencode.ai/docs/providers, "Custom provider" (read 2026-11-21).
    """
    known = {name: {"name": name, **({"limit": dict(limits[name])} if name in limits else {})} for name in models}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Bedrock gateway",
        "options": {"baseURL": f"{url}/v1", "apiKey": "{env:OPENCODE_API_KEY}"},
        "models": known,
    }
    return {
        "$schema": "https://opencode.ai/config.json",
        "provider": {"bedrock": provider},
        "model": f"bedrock/{models[0]}",
    }


def guide(run: Run) -> str:
    parts = [places(run), sign_in(run), trust(run), curl(run), tools(run), END]
    return "\n\n".join(part for part in parts if part) + "\n"


def places(run: Run) -> str:
    hosts = "".join(f"\n  {host:<24} {url}" for host, url in run.hosts.items())
    return f"""The gateway is ready at {run.url}   (OpenAI: {run.url}/v1, Anthropic: {run.url})
{hosts}
  {"Bedrock":<24} {run.bedrock_url}
  {"AWS, as administrator":<24} {run.aws_url}   (AWS_ENDPOINT_URL for the AWS CLI)"""


def sign_in(run: Run) -> str:
    config = run.client_config
    people = f" as {', '.join(run.people)}, without passwords" if run.people else ""
    signed_in = f"""Sign in{people}, at {config["issuer"]}:

  .venv/bin/opencode-auth setup {run.url}
  .venv/bin/opencode-auth login"""
    return f"{signed_in}\n\nA personal API key of {run.people[0]}: {run.api_key}" if run.api_key else signed_in


def trust(run: Run) -> str:
    if not run.certificate_authority:
        return ""
    file = run.certificate_authority
    return f"""Trust the certificate authority of this machine's runs first:

  export SSL_CERT_FILE={file} NODE_EXTRA_CA_CERTS={file} CURL_CA_BUNDLE={file}"""


def curl(run: Run) -> str:
    body = json.dumps({"model": CHAT_MODEL, "messages": [{"role": "user", "content": "Say hello"}]})
    return f"""Try it:

  export OPENCODE_API_KEY={run.api_key or "..."}
  curl {run.url}/v1/chat/completions \\
    -H "Authorization: Bearer $OPENCODE_API_KEY" -H 'Content-Type: application/json' \\
    -d '{body}'"""


def tools(run: Run) -> str:
    shown = (CHAT_MODEL, *run.models[:MODELS_SHOWN])
    return f"""Claude Code and the Anthropic SDKs:

  export ANTHROPIC_BASE_URL={run.url} ANTHROPIC_AUTH_TOKEN=$OPENCODE_API_KEY
  claude

OpenAI SDKs:

  export OPENAI_BASE_URL={run.url}/v1 OPENAI_API_KEY=$OPENCODE_API_KEY

OpenCode, in opencode.json:

{json.dumps(opencode_config(run.url, shown, run.limits), indent=2)}"""
