"""`python -m opencode_stacks.publish ENV`: a release of the client, to the download host of an environment.

`make publish` says with which variables. Steps go to stderr, the answer to stdout.
"""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from opencode_stacks.publishing.publication import Publisher, answer
from opencode_stacks.publishing.refusal import NotPublished
from opencode_stacks.publishing.signing import Clients
from opencode_stacks.publishing.target import Target, deployed
from opencode_stacks.publishing.wishes import Wishes


def main(environment: str) -> int:
    return told(lambda: deployed(environment), os.environ, clients_of)


def told(target: Callable[[], Target], environ: Mapping[str, str], clients: Callable[[Target], Clients]) -> int:
    """The exit code of a publication; its outcome, or why there is none, is printed."""
    try:
        wishes, to = Wishes.read(environ), target()
        publisher = Publisher(target=to, clients=clients(to), now=partial(datetime.now, UTC), say=say)
        print(answer(publisher.publish(wishes), to))
    except (NotPublished, BotoCoreError, ClientError, OSError) as error:
        say(f"not published: {error}")
        return 1
    return 0


def clients_of(target: Target) -> Clients:
    """With the credentials that AWS's own tools would take."""
    return partial(boto3.client, region_name=target.region)


def say(what: str) -> None:
    sys.stderr.write(f"==> {what}\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
