"""`make publish ENV=local`: a release of the client, to the download host of the cloud that runs in this folder."""

from collections.abc import Mapping
from functools import partial

from opencode_local.provider.aws import Account
from opencode_local.run.run_file import Run
from opencode_stacks.publish import told
from opencode_stacks.publishing.target import Target


def publish(environ: Mapping[str, str]) -> int:
    """Raises NotRunning."""
    run = Run.read()
    account = Account(run.aws_url)
    return told(
        lambda: Target.of(run.environment, run.outputs),
        environ,
        clients=lambda target: partial(account.client, region=target.region),
    )
