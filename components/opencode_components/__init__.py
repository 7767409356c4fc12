"""Components of an AI gateway on Amazon Bedrock. What is listed here is what other languages see."""

from opencode_components.adopted_certificate import AdoptedCertificate, AdoptedCertificateArgs
from opencode_components.adopted_image import AdoptedImage, AdoptedImageArgs
from opencode_components.adopted_network import AdoptedNetwork, AdoptedNetworkArgs
from opencode_components.api import Api, ApiArgs
from opencode_components.certificate import Certificate, CertificateArgs
from opencode_components.cognito_identity import CognitoIdentity, CognitoIdentityArgs
from opencode_components.distribution import Distribution, DistributionArgs
from opencode_components.external_identity import ExternalIdentity, ExternalIdentityArgs
from opencode_components.live_api import LiveApi, LiveApiArgs
from opencode_components.load_balancer import LoadBalancer, LoadBalancerArgs
from opencode_components.log_bucket import LogBucket, LogBucketArgs
from opencode_components.logs import Logs, LogsArgs
from opencode_components.network import Network, NetworkArgs
from opencode_components.observability import Observability, ObservabilityArgs
from opencode_components.records import Records, RecordsArgs
from opencode_components.releases import Releases, ReleasesArgs
from opencode_components.router_image import RouterImage, RouterImageArgs
from opencode_components.router_roles import RouterRoles, RouterRolesArgs
from opencode_components.router_service import RouterService, RouterServiceArgs
from opencode_components.served_function import ServedFunction, ServedFunctionArgs
from opencode_components.share import Share, ShareArgs
from opencode_components.web_firewall import WebFirewall, WebFirewallArgs

__all__ = [
    "AdoptedCertificate",
    "AdoptedCertificateArgs",
    "AdoptedImage",
    "AdoptedImageArgs",
    "AdoptedNetwork",
    "AdoptedNetworkArgs",
    "Api",
    "ApiArgs",
    "Certificate",
    "CertificateArgs",
    "CognitoIdentity",
    "CognitoIdentityArgs",
    "Distribution",
    "DistributionArgs",
    "ExternalIdentity",
    "ExternalIdentityArgs",
    "LiveApi",
    "LiveApiArgs",
    "LoadBalancer",
    "LoadBalancerArgs",
    "LogBucket",
    "LogBucketArgs",
    "Logs",
    "LogsArgs",
    "Network",
    "NetworkArgs",
    "Observability",
    "ObservabilityArgs",
    "Records",
    "RecordsArgs",
    "Releases",
    "ReleasesArgs",
    "RouterImage",
    "RouterImageArgs",
    "RouterRoles",
    "RouterRolesArgs",
    "RouterService",
    "RouterServiceArgs",
    "ServedFunction",
    "ServedFunctionArgs",
    "Share",
    "ShareArgs",
    "WebFirewall",
    "WebFirewallArgs",
]
