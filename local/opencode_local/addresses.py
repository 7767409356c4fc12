"""Where things stand on this machine that the program knows by public names: the only thing that is changed in a run.

What a deployed gateway finds through DNS is found here by putting a local origin for a public one, wherever a declared
value names it: in a container's environment, in a rule's action, in what is shown to a person.
"""

import re
from collections.abc import Mapping

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
PORT = re.compile(r":\d+$")
END_OF_ORIGIN = r"(?::443)?(?=[/?#,;\"'\s]|$)"


class Addresses:
    """Public origins such as `https://ai.example.com`, and the local ones that stand for them."""

    def __init__(self) -> None:
        self._local: dict[str, str] = {}
        self._hosts: dict[str, str] = {}

    def stand(self, public_origin: str, local_origin: str) -> None:
        """`https://ai.example.com` is at `http://localhost:8080`."""
        self._local[public_origin] = local_origin

    def name(self, local_host: str, declared_host: str) -> None:
        """Requests for `downloads.localhost` are for `downloads.example.com`."""
        self._hosts[local_host] = declared_host

    @property
    def origins(self) -> Mapping[str, str]:
        """Local origins by public ones."""
        return self._local

    def local(self, text: str) -> str:
        """`text` with each public origin in it replaced; all else stays to the letter."""
        for public, local in self._local.items():
            text = re.sub(re.escape(public) + END_OF_ORIGIN, local, text)
        return text

    def declared_host(self, host: str) -> str:
        """The name that rules compare, for the `Host` of a request on this machine, port included or not."""
        name = PORT.sub("", host).lower()
        return self._hosts.get(name, name)
