"""Why people get something else than they asked for, in words for them; `Problem.status` is the answer's."""

from collections.abc import Mapping, Sequence


class Problem(Exception):
    status = 503
    code = "unavailable"
    """The same for programs."""
    title = "This is not working at the moment"
    text = "Please try again in a few minutes."

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer has beside those of its page."""
        return {}


class UnknownPage(Problem):
    status = 404
    code = "not_found"
    title = "There is nothing here"
    text = "The address is wrong, or what was there has been replaced by a newer version."


class NotSignedIn(Problem):
    """The reason is for the log: whoever forges is told nothing."""

    status = 401
    code = "sign_in_needed"
    title = "You are not signed in"
    text = "Who you are could not be verified. Close this tab, open the page again and sign in."


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"
    title = "This address does not answer to that method"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__()
        self._allowed = allowed
        self.text = f"It answers to {' and '.join(allowed)}."

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Allow": ", ".join(self._allowed)}


class StorageUnavailable(Problem):
    """AWS refuses or does not answer; the text says how."""


class KeysUnavailable(Problem):
    """The load balancer's public key could not be fetched."""
