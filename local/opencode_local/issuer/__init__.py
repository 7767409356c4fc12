"""The OpenID Connect provider of the local run."""

from opencode_local.issuer.clients import CLI_CLIENT_ID, DEFAULT_CLIENTS, WEB_CLIENT_ID, Client
from opencode_local.issuer.people import DEFAULT_USERS, User
from opencode_local.issuer.server import Issuer

__all__ = ["CLI_CLIENT_ID", "DEFAULT_CLIENTS", "DEFAULT_USERS", "WEB_CLIENT_ID", "Client", "Issuer", "User"]
