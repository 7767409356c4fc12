"""The tool that tests let models call, as each SDK declares it."""

from anthropic.types import ToolParam
from openai.types.chat import ChatCompletionFunctionToolParam

DESCRIPTION = "The weather in a city"
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}

ANTHROPIC_TOOL: ToolParam = {"name": "weather", "description": DESCRIPTION, "input_schema": SCHEMA}
OPENAI_TOOL: ChatCompletionFunctionToolParam = {
    "type": "function",
    "function": {"name": "weather", "description": DESCRIPTION, "parameters": SCHEMA},
}
