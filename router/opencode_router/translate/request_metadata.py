"""Labels for the invocation log: `requestMetadata`."""

import re
from collections.abc import Mapping

MAX_LABELS = 16
KEY = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,-.]{1,256}", re.ASCII)
VALUE = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,-.]{0,256}", re.ASCII)
"""As bedrock-runtime's service model 2023-09-30 has them."""


def fits(labels: Mapping[str, str]) -> bool:
    """Converse has a place for all of them."""
    return len(labels) <= MAX_LABELS and all(KEY.fullmatch(key) and VALUE.fullmatch(labels[key]) for key in labels)
