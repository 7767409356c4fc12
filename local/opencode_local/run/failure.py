"""Why an environment cannot run here."""

from opencode_local.archives import UnreadableArchive
from opencode_local.containers.definition import Unsupported
from opencode_local.functions.event_patterns import UnsupportedPattern
from opencode_local.functions.settings import UnsupportedFunction
from opencode_stacks.faults import ConfigError


class CloudFailed(Exception):
    """Something that only this machine, or the run as a whole, can know; the text says what is wrong."""


TOLD = (
    CloudFailed,
    ConfigError,
    FileNotFoundError,
    Unsupported,
    UnsupportedFunction,
    UnsupportedPattern,
    UnreadableArchive,
)
"""What a person is told of in one line: each names what it is about."""
