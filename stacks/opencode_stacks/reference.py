"""`python -m opencode_stacks.reference FOLDER`: pages of docs/ that are made from docstrings and config models."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from opencode_components.provider import schema
from opencode_stacks.environment import SECTIONS
from opencode_stacks.faults import examples, models_in
from opencode_stacks.outputs import OUTPUTS
from opencode_stacks.sections import Section

NOTE = "<!-- made by `make docs` from the source: change that instead -->\n\n"
Schema = Mapping[str, Any]


def pages() -> Mapping[str, str]:
    """Text by path within docs/."""
    components = schema()["resources"]
    of_components = {f"components/{name_of(token)}.md": page(name_of(token), components[token]) for token in components}
    return {
        **of_components,
        "components/README.md": index(components),
        "configuration.md": configuration(),
        "outputs.md": outputs(),
    }


def name_of(token: str) -> str:
    return token.rpartition(":")[2]


def page(name: str, component: Schema) -> str:
    required = set(component.get("requiredInputs", ()))
    args = component.get("inputProperties", {})
    ordered = sorted(args, key=lambda key: (key not in required, list(args).index(key)))
    return (
        f"{NOTE}# {name}\n\n{flowing(component.get('description', ''))}\n\n"
        f"```python\nfrom opencode_components import {name}, {name}Args\n```\n\n"
        "## Args\n\nIn other languages the same names in camelCase.\n\n"
        + table(
            ("arg", "type", "", "what it is"),
            (
                (code(snake(key)), kind(args[key]), "required" if key in required else "", said(args[key]))
                for key in ordered
            ),
        )
        + "\n## Outputs\n\n"
        + table(
            ("output", "type", "what it is"),
            ((code(snake(key)), kind(value), said(value)) for key, value in component.get("properties", {}).items()),
        )
    )


def index(components: Schema) -> str:
    rows = (
        (f"[{name_of(token)}]({name_of(token)}.md)", flowing(component.get("description", "")).split("\n\n")[0])
        for token, component in sorted(components.items())
    )
    return f"{NOTE}# Components\n\n" + table(("component", "what it is"), rows)


def configuration() -> str:
    parts = [
        f"{NOTE}# Configuration\n\n`Pulumi.<environment>.yaml` holds these sections under `config:`, each as "
        "`opencode:<section>`, and `aws:region`. What is wrong in it is reported all at once, before anything is "
        "declared.\n\n"
    ]
    for name, section in SECTIONS.items():
        parts.append(f"## opencode:{name}\n\n{flowing(section.__doc__ or '')}\n\n{keys(section)}\n")
    return "".join(parts)


def keys(section: type[Section]) -> str:
    return table(("key", "default", "what it is"), key_rows(section, ""))


def key_rows(section: type[Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in section.model_fields.items():
        default = "required" if field.is_required() else code(json.dumps(field.default, default=list))
        example = next(examples(field), None)
        shown = "" if example is None else f" Example: {code(json.dumps(example))}"
        yield code(prefix + name), brief(default), flowing(field.description or "") + choices(field.annotation) + shown
        for inner in models_in(field.annotation):
            yield from key_rows(inner, f"{prefix}{name}.")


def brief(default: str) -> str:
    """A long default is looked up in the source."""
    return default if len(default) < 60 else "see `stacks/opencode_stacks/sections.py`"


def choices(annotation: Any) -> str:
    """The values of a Literal."""
    values = [value for value in get_args(annotation) if isinstance(value, str | int)]
    return f" One of {', '.join(code(str(value)) for value in values)}." if values else ""


def outputs() -> str:
    rows = ((code(name), text) for name, text in OUTPUTS.items())
    return (
        f"{NOTE}# Stack outputs\n\n`pulumi stack output --json` prints them; other programs read them with a "
        "`StackReference`. None is secret.\n\n" + table(("output", "what it is"), rows)
    )


def table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def code(text: str) -> str:
    return f"`{text}`"


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def kind(value: Schema) -> str:
    if "$ref" in value:
        return re.split("[:/]", str(value["$ref"]))[-1]
    if value.get("type") == "array":
        return f"list of {kind(value['items'])}"
    if value.get("type") == "object":
        return f"map of {kind(value['additionalProperties'])}"
    return str(value.get("type", "any"))


def said(value: Schema) -> str:
    return flowing(value.get("description", "")).replace("\n", " ")


def flowing(docstring: str) -> str:
    """A docstring without its source's line breaks and indentation; paragraphs stay."""
    paragraphs = "\n".join(line.strip() for line in docstring.strip().splitlines()).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)


def main(folder: str) -> None:
    for path, text in pages().items():
        file = Path(folder) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
