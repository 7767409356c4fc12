"""The functions of shared sessions in this process, each with nothing but its declared role."""

import json
import time
from collections.abc import Mapping
from typing import Any

from opencode_components.testing import Graph, Resource
from opencode_local.access.decision import Denied, check
from opencode_local.access.needs import Need
from served_site.serving import Site as Served
from share_sessions.api_site import Clients, api_site
from share_sessions.connections import Connections
from share_sessions.live_posts import LivePosts
from share_sessions.management import Management, Refused
from share_sessions.reading import Shares
from share_sessions.settings import api_settings, viewer_settings
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table
from share_sessions.tickets import Tickets, access_text
from share_sessions.viewer_site import viewer_site
from share_sessions.watching import Watching
from tests.functions.load_balancer import event
from tests.local.access.declared_site import Site
from tests.local.access.guarded import REGION, Caller, Guarded

FUNCTION, ROLE, STAGE = "aws:lambda/function:Function", "aws:iam/role:Role", "aws:apigatewayv2/stage:Stage"
FUNCTIONS = ("dev-shares-api", "dev-shares-view", "dev-shares-live")
OWNER = {"id": "ada", "email": "ada@example.com", "name": "Ada", "groups": ["admins"], "kind": "token"}
WATCHER = "watcher="
MESSAGE = {"type": "message", "data": {"id": "msg_1", "role": "user"}}
Json = Mapping[str, Any]


class Commands(Management):
    """API Gateway's `@connections`, as far as the role goes that asks."""

    def __init__(self, aws: Guarded, caller: Caller, stage_arn: str) -> None:
        self._aws, self._caller, self._stage_arn = aws, caller, stage_arn
        self.heard: list[tuple[str, str]] = []
        """Method and connection of what was allowed."""

    def _ask(self, method: str, connection_id: str, data: bytes) -> None:
        session, sessions = self._caller.session, self._aws.sessions
        principal = sessions.holder(session.access_key_id, session.session_token)
        resource = f"{self._stage_arn}/{method}/@connections/{connection_id}"
        need = Need(action="execute-api:ManageConnections", resource=resource)
        try:
            check(principal, need, region=REGION, now=sessions.now())
        except Denied as denied:
            self._aws.endpoint.note(principal, denied)
            raise Refused(403) from denied
        self.heard.append((method, connection_id))


class DeclaredSharing:
    """A share of Ada's that everyone may see, with a snapshot and a batch after it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.callers = {name: caller_of(site, name) for name in FUNCTIONS}
        variables = variables_of(site.graph, FUNCTIONS[0])
        self.table, self._bucket = variables["TABLE"], variables["BUCKET"]
        self.commands = Commands(site.aws, self.callers[FUNCTIONS[0]], site.graph.one(STAGE).outputs["executionArn"])
        self._api = self._api_site({**variables, "ADMIN_GROUPS": "admins"})
        self._viewer = self._viewer_site(variables_of(site.graph, FUNCTIONS[1]))
        self._watching = self._watching_site()
        self.share = self.made()
        self.synchronise(self.share)
        self.change(expires_in_hours=2)
        self.synchronise(self.share)

    def ask(self, method: str, path: str, sent: Any = None, **query: str) -> tuple[int, Any]:
        """Of the api function, by Ada."""
        return answered(self._api, method, path, sent, query)

    def state(self) -> tuple[int, Any]:
        """Of the share, to a browser in which nobody has signed in."""
        return answered(self._viewer, "GET", f"/share/{self.share['id']}/state", None, {})

    def connect(self) -> int:
        """With a ticket of the viewer's."""
        context = {"eventType": "CONNECT", "connectionId": WATCHER}
        query = {"ticket": self.state()[1]["live"]["ticket"]}
        return int(self._watching.answer({"requestContext": context, "queryStringParameters": query})["statusCode"])

    def disconnect(self) -> None:
        self._watching.answer({"requestContext": {"eventType": "DISCONNECT", "connectionId": WATCHER}})

    def made(self) -> Json:
        status, share = self.ask("POST", "/api/share", {"sessionID": "ses_1", "visibility": "link"})
        assert status == 200, share
        return dict(share)

    def synchronise(self, share: Json) -> tuple[int, Any]:
        sent = {"secret": share["secret"], "data": [MESSAGE]}
        return self.ask("POST", f"/api/share/{share['id']}/sync", sent)

    def change(self, **wishes: Any) -> tuple[int, Any]:
        return self.ask("PATCH", f"/api/shares/{self.share['id']}", wishes)

    def watched(self) -> None:
        """There is one who watches, and who has not heard anything yet."""
        assert self.connect() == 200
        del self.commands.heard[:]

    def watchers(self) -> list[str]:
        connections = Connections(self.site.aws.admin("dynamodb"), self.table, time.time)
        return [connection.id for connection in connections.of(self.share["id"])]

    def _shares(self, name: str) -> tuple[Any, Shares]:
        """A client of DynamoDB and what reads shares, with the function's role."""
        caller = self.callers[name]
        dynamodb = caller.client("dynamodb")
        return dynamodb, Shares(Table(dynamodb, self.table), Snapshots(caller.client("s3"), self._bucket), time.time)

    def _api_site(self, variables: Mapping[str, str]) -> Served:
        caller = self.callers[FUNCTIONS[0]]
        clients = Clients(dynamodb=caller.client("dynamodb"), s3=caller.client("s3"))
        shares = self._shares(FUNCTIONS[0])[1]
        connections = Connections(clients.dynamodb, self.table, time.time)
        live = LivePosts(connections, self.commands, lambda id_: access_text(shares.find(id_)), time.time)
        return api_site(api_settings(variables), clients, live, known_to_the_gateway, time.time)

    def _viewer_site(self, variables: Mapping[str, str]) -> Served:
        dynamodb, shares = self._shares(FUNCTIONS[1])
        tickets = Tickets(dynamodb, self.table, time.time)
        return viewer_site(viewer_settings(variables), shares, tickets, known_to_the_gateway, time.time)

    def _watching_site(self) -> Watching:
        dynamodb, shares = self._shares(FUNCTIONS[2])
        connections = Connections(dynamodb, self.table, time.time)
        return Watching(shares, Tickets(dynamodb, self.table, time.time), connections)


def caller_of(site: Site, name: str) -> Caller:
    return site.aws.function(role_of(site.graph, name).outputs["arn"], name)


def role_of(graph: Graph, name: str) -> Resource:
    return graph.one(ROLE, name)


def variables_of(graph: Graph, name: str) -> Mapping[str, str]:
    found: Mapping[str, str] = graph.one(FUNCTION, name).inputs["environment"]["variables"]
    return {"AWS_REGION": REGION, **found}


def known_to_the_gateway(_url: str, _at_most_bytes: int, _headers: Mapping[str, str] | None = None, /) -> bytes:
    return json.dumps(OWNER).encode()


def answered(served: Served, method: str, path: str, sent: Any, query: Mapping[str, str]) -> tuple[int, Any]:
    asked = event("curl", path, method=method, headers={"authorization": "Bearer ada"})
    asked["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
    asked["body"] = "" if sent is None else json.dumps(sent)
    answer = served.serve(asked)
    return answer["statusCode"], json.loads(answer["body"])
