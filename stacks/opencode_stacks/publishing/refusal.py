"""Why something is not published."""


class NotPublished(Exception):
    """Nothing that clients see was changed; the text names what is wrong, and what to do."""
