"""Why people get no release, or nothing by the line that they copied."""

from served_site.problems import Problem


class UnknownLink(Problem):
    status = 404
    title = "This line is not known"
    text = "Open the download page again and copy the whole line."


class ExpiredLink(Problem):
    status = 410
    title = "This line has expired"
    text = "Such a line works for 15 minutes. Open the download page again and copy a new one."


class NothingPublished(Problem):
    status = 404
    title = "Nothing is published yet"
    text = "The operators of this gateway have not published a release of the client."


class UntrustedRelease(Problem):
    """The text of the error says what is wrong with the manifest."""

    title = "The release could not be verified"
    text = "Its signature does not hold, so nothing of it is served. Please tell the operators of this gateway."
