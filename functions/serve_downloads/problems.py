"""Why people get something else than they asked for, in words for them; `Problem.status` is the answer's."""


class Problem(Exception):
    status = 503
    title = "This is not working at the moment"
    text = "Please try again in a few minutes."


class UnknownPage(Problem):
    status = 404
    title = "There is nothing here"
    text = "The address is wrong, or what was there has been replaced by a newer version."


class UnknownLink(Problem):
    status = 404
    title = "This line is not known"
    text = "Open the download page again and copy the whole line."


class ExpiredLink(Problem):
    status = 410
    title = "This line has expired"
    text = "Such a line works for 15 minutes. Open the download page again and copy a new one."


class NotSignedIn(Problem):
    """The reason is for the log: whoever forges is told nothing."""

    status = 401
    title = "You are not signed in"
    text = "Who you are could not be verified. Close this tab, open the download page again and sign in."


class MethodNotAllowed(Problem):
    status = 405
    title = "This address can only be read"
    text = "It answers to GET and HEAD."


class NothingPublished(Problem):
    status = 404
    title = "Nothing is published yet"
    text = "The operators of this gateway have not published a release of the client."


class UntrustedRelease(Problem):
    """The text of the error says what is wrong with the manifest."""

    title = "The release could not be verified"
    text = "Its signature does not hold, so nothing of it is served. Please tell the operators of this gateway."


class StorageUnavailable(Problem):
    """S3 refuses or does not answer."""


class KeysUnavailable(Problem):
    """The load balancer's public key could not be fetched."""
