"""`ci`: the credential of a CI job, without a stored key and never with a browser."""

import click

from opencode_auth import api, gateway, output, tokens, web
from opencode_auth.ci_identity import GITLAB_VARIABLE, job_token
from opencode_auth.errors import ClientError


@click.command()
@click.option("--audience", help="For whom the job's token is; the gateway's client id unless given.")
@click.option("--variable", default=GITLAB_VARIABLE, show_default=True, help="Where GitLab puts the job's token.")
@output.as_json
def command(audience: str | None, variable: str, *, as_json: bool) -> None:
    """Print the credential of a CI job: OPENCODE_API_KEY where it is set, else the CI system's own token."""
    settings = gateway.saved()
    key = tokens.api_key()
    credential = key or job_token(audience or settings.client_id, variable)
    check(settings.api_url, credential)
    source = "api_key" if key else "ci_identity"
    output.answer(credential, {"access_token": credential, "source": source}, as_json=as_json)


def check(api_url: str, credential: str) -> None:
    """Raises ClientError when the gateway does not take it, Unreachable when there is no answer."""
    asked = web.Request(url=api_url + api.MODELS, headers={"Authorization": f"Bearer {credential}"})
    answer = web.send(asked)
    if answer.status in {401, 403}:
        hint = "let the gateway trust the CI system's issuer and this audience, or set OPENCODE_API_KEY"
        raise ClientError(f"the gateway does not accept this job ({answer.status})", hint=hint)
    if not answer.is_success:
        raise api.refusal(answer)
