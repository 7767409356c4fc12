"""`doctor`: everything between this machine and an answer, one line each."""

from dataclasses import asdict

import click

from opencode_auth import output
from opencode_auth.errors import ClientError


@click.command()
@output.as_json
def command(*, as_json: bool) -> None:
    """Check everything and say how to fix it. Exits with 1 when something is wrong."""
    from opencode_auth.checks import Facts, findings  # noqa: PLC0415  start-up

    found = [*findings(Facts())]
    width = max(len(finding.check) for finding in found)
    lines = []
    for finding in found:
        lines.append(f"{finding.check:<{width}}  {'ok     ' if finding.is_ok else 'problem'}  {finding.detail}")
        if finding.hint and not finding.is_ok:
            lines.append(f"{'':<{width}}  hint: {finding.hint}")
    output.answer("\n".join(lines), [asdict(finding) for finding in found], as_json=as_json)
    problems = sum(not finding.is_ok for finding in found)
    if problems:
        raise ClientError(f"{problems} of {len(found)} checks found a problem")
