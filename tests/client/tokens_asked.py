"""How tests ask for tokens, and count what that asked of the provider."""

from tests.client.person import Person
from tests.client.servers import Reply

LIFE_S = 3600


def token(person: Person, *args: str, **variables: str) -> str:
    done = person.run("token", *args, **variables)
    assert done.code == 0, done.err
    return done.out.strip()


def refreshes(person: Person) -> int:
    return sum(seen.form.get("grant_type") == "refresh_token" for seen in person.gateway.seen)


def failing(person: Person, reply: Reply) -> None:
    person.gateway.routes["/token"] = lambda _seen: reply
