"""`token`: a credential for scripts, and for tools that run a command to get one."""

import click

from opencode_auth import gateway, output, tokens


@click.command()
@click.option(
    "--minimum-left",
    "minimum_left_s",
    type=click.FloatRange(0, 86_400),
    default=tokens.MINIMUM_LEFT_S,
    show_default=True,
    help="Seconds for which it must still be good; up to half of a token's life.",
)
@output.as_json
def command(minimum_left_s: float, *, as_json: bool) -> None:
    """Print an access token, refreshed if need be. Never opens a browser: exits with 3 when a sign-in is needed."""
    token = tokens.access_token(minimum_left_s=minimum_left_s)
    document = {"access_token": token, "token_type": "Bearer"}
    if as_json and not tokens.api_key():
        document["expires"] = output.moment(tokens.current(gateway.saved()).expires_s)
    output.answer(token, document, as_json=as_json)
