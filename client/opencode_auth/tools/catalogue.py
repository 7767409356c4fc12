"""The tools that have a configuration file, by the names that people type."""

from collections.abc import Mapping

from opencode_auth.tools import claude_code, codex, opencode
from opencode_auth.tools.edits import JSON, TOML
from opencode_auth.tools.tool import Tool

TOOLS: Mapping[str, Tool] = {
    "opencode": Tool(
        title="OpenCode",
        program="opencode",
        form=JSON,
        route="/v1/chat/completions",
        is_proxied=True,
        config_file=opencode.config_file,
        edits=opencode.edits,
        start=opencode.start,
    ),
    "claude-code": Tool(
        title="Claude Code",
        program="claude",
        form=JSON,
        route="/v1/messages",
        is_proxied=False,
        in_the_way=claude_code.OTHER_CREDENTIALS,
        config_file=claude_code.config_file,
        edits=claude_code.edits,
        start=claude_code.start,
    ),
    "codex": Tool(
        title="Codex",
        program="codex",
        form=TOML,
        route="/v1/responses",
        is_proxied=False,
        config_file=codex.config_file,
        edits=codex.edits,
        start=codex.start,
    ),
}
