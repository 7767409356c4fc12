"""Serves the local AWS to a real engine, over the protocol of resource providers."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from opencode_local.provider.aws import Account
from opencode_local.provider.faults import Sabotage, Where
from opencode_local.provider.journal import Call, Journal
from opencode_local.provider.servicer import Servicer

WORKERS = 32
STOP_GRACE_S = 1
MAX_MESSAGE_BYTES = 64 << 20  # what the engine itself allows is more; ours are small


class ProviderServer:
    """One AWS account behind `PULUMI_DEBUG_PROVIDERS=aws:<port>`.

    An engine configures it (region, default tags) at the start of each run, so runs of several stacks follow one
    another.
    """

    def __init__(self, account: Account) -> None:
        self._journal, self._sabotage = Journal(), Sabotage()
        self._servicer = Servicer(account, self._journal, self._sabotage)
        self._server = grpc.server(
            ThreadPoolExecutor(WORKERS, thread_name_prefix="provider"),
            options=[("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)],
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(self._servicer, self._server)
        self.port = 0

    def start(self) -> int:
        """The port, on loopback."""
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        return self.port

    def stop(self) -> None:
        self._server.stop(STOP_GRACE_S).wait()

    def environment(self) -> Mapping[str, str]:
        """What tells an engine to use this server."""
        return {"PULUMI_DEBUG_PROVIDERS": f"aws:{self.port}"}

    def fail_at(self, where: str | Where, *, after: bool = False) -> None:
        """Lets the creation of one resource fail once: see Sabotage."""
        self._sabotage.fail_at(where, after=after)

    @property
    def calls(self) -> Sequence[Call]:
        """What engines asked so far, previews included, in order."""
        return self._journal.calls()
