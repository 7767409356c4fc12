"""The local proxy: a loopback address for tools that cannot renew a person's token themselves."""

from opencode_auth.proxy.daemon import ensure, stop
from opencode_auth.proxy.record import ProxyAddress, address

__all__ = ["ProxyAddress", "address", "ensure", "stop"]
