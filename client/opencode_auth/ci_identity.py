"""The identity that a CI system gives its jobs: a short-lived token, no stored secret.

Sources, read 2026-11-21: GitHub Docs, "OpenID Connect reference" (ACTIONS_ID_TOKEN_REQUEST_URL, its parameter
`audience`, the answer's `value`); GitLab Docs, "OpenID Connect (OIDC) Authentication Using ID Tokens" (`id_tokens` puts
each token into the variable of its name).
"""

import os
from urllib.parse import urlencode

from opencode_auth import web
from opencode_auth.errors import Misused, Unreachable
from opencode_auth.store import TOKEN

GITHUB_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  the name of a variable
GITLAB_VARIABLE = "OPENCODE_ID_TOKEN"


def job_token(audience: str, variable: str = GITLAB_VARIABLE) -> str:
    """The job's token: the variable's where there is one, else asked of GitHub for this audience.

    Raises Misused outside such a job, Unreachable.
    """
    given = os.environ.get(variable, "").strip()
    if given:
        return checked(given, variable)
    url, bearer = os.environ.get(GITHUB_URL), os.environ.get(GITHUB_TOKEN)
    if url and bearer:
        return from_github(url, bearer, audience)
    hint = f"GitHub: permissions id-token: write; GitLab: id_tokens with {variable}; elsewhere: OPENCODE_API_KEY"
    raise Misused("this job has no identity token", hint=hint)


def from_github(url: str, bearer: str, audience: str) -> str:
    joint = "&" if "?" in url else "?"
    asked = web.Request(
        url=f"{url}{joint}{urlencode({'audience': audience})}", headers={"Authorization": f"Bearer {bearer}"}
    )
    answer = web.send(asked)
    return checked(answer.document().get("value"), answer.host)


def checked(token: object, source: str) -> str:
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise Unreachable(f"{source} gave no identity token")
    return token
