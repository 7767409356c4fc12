"""`completions bash|zsh|fish`: the script that a shell reads to complete our words."""

import click

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "opencode-auth"
VARIABLE = "_OPENCODE_AUTH_COMPLETE"
"""What click derives from the program's name and looks for when it is started."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print completions for a shell.

    bash and zsh: eval "$(opencode-auth completions bash)" in ~/.bashrc or ~/.zshrc.
    fish: opencode-auth completions fish > ~/.config/fish/completions/opencode-auth.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415  start-up

    kind = get_completion_class(shell)
    assert kind is not None, shell  # noqa: S101  all of SHELLS come with click
    script = kind(context.find_root().command, {}, PROGRAM, VARIABLE)
    # source() would start bash to ask for its version
    click.echo(script.source_template % script.source_vars())
