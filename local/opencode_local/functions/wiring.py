"""What event sources need of the functions and of the run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opencode_local.access.session import Session
from opencode_local.addresses import Addresses
from opencode_local.functions.invocation import Invoke
from opencode_local.functions.permissions import Permissions
from opencode_local.functions.polling import RoleCalls
from opencode_local.functions.signed_callers import SignedCallers
from opencode_local.functions.timing import Timing


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What sources need of the functions and of the run."""

    invoke: Invoke
    send: Callable[[str, Any], None]
    """Invokes a function without waiting for its answer."""
    permissions: Permissions
    addresses: Addresses
    timing: Timing
    calls: Callable[[str, str], RoleCalls]
    """Calls as the role of a function, in a region."""
    session: Callable[[str, str, str], Session]
    """Of a role, for a service's principal, on behalf of a resource by ARN."""
    callers: SignedCallers | None
