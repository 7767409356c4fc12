"""The part of the providers' protocol that is about the provider itself: who it is, and how it is configured."""

import json
from importlib.metadata import version
from typing import Any

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from opencode_local.provider import wire
from opencode_local.provider.aws import REGION, Account, Aws
from opencode_local.provider.property_schema import provider_fields


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """Configured anew by each run of an engine: `aws` is the account in the region and with the tags of that run."""

    def __init__(self, account: Account) -> None:
        self.aws = Aws(account, REGION)

    def Handshake(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, _request: Any, _context: Any) -> Any:
        return Empty()

    def Cancel(self, _request: Any, _context: Any) -> Any:
        return Empty()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi_aws"))

    def GetSchema(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": version("pulumi_aws")}))

    def CheckConfig(self, request: Any, _context: Any) -> Any:
        given = wire.properties(request.news)
        unknown = sorted(given.keys() - provider_fields() - {"version", "pluginDownloadURL"})
        failures = [
            provider_pb2.CheckFailure(property=name, reason=f"could not validate provider configuration: {name!r}")
            for name in unknown
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, _request: Any, _context: Any) -> Any:
        """A changed region or tag makes no new provider: the resources' own differences tell."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, _context: Any) -> Any:
        given = wire.properties(request.args)
        tags = given.get("defaultTags") or {}
        tags = json.loads(tags) if isinstance(tags, str) else tags
        self.aws = Aws(self.aws.account, given.get("region") or REGION, tags.get("tags"))
        return provider_pb2.ConfigureResponse(supportsPreview=True)
