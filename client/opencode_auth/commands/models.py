"""`models`: what the gateway offers."""

from dataclasses import asdict

import click

from opencode_auth import api, output
from opencode_auth.model import Model
from opencode_auth.table import table

HEADER = ("ID", "CONTEXT", "OUTPUT", "INPUT USD/M", "OUTPUT USD/M")


@click.command()
@output.as_json
def command(*, as_json: bool) -> None:
    """List the models of the gateway.

    Context and output are tokens, prices USD per million tokens.
    """
    found = api.models()
    text = table(HEADER, [row(each) for each in found], right=HEADER[1:])
    output.answer(text, [asdict(each) for each in found], as_json=as_json)


def row(model: Model) -> tuple[str, ...]:
    limits = (f"{model.context_tokens:,}", f"{model.max_output_tokens:,}")
    return (model.id, *limits, model.input_usd or "-", model.output_usd or "-")
