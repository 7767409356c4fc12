"""The issuer alone: `python -m opencode_local.issuer --port 9400`, until Ctrl-C or SIGTERM."""

import argparse
import signal
import sys
from pathlib import Path

from opencode_local.issuer import CLI_CLIENT_ID, WEB_CLIENT_ID, Issuer

PORT = 9400


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="opencode_local.issuer", description="An OpenID Connect provider on loopback."
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}; 0 takes a free one")
    parser.add_argument("--state-dir", type=Path, help="keep the signing keys here")
    options = parser.parse_args()
    # blocked before the server's thread starts, which inherits it: the signal is then ours to wait for
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    issuer = Issuer(state_dir=options.state_dir)
    try:
        url = issuer.start(options.port)
    except OSError as error:
        sys.stderr.write(f"port {options.port}: {error.strerror}\n")
        return 1
    print(f"{url}/.well-known/openid-configuration", flush=True)
    print(
        f"clients {CLI_CLIENT_ID} and {WEB_CLIENT_ID}; users {', '.join(user.email for user in issuer.users)}",
        flush=True,
    )
    signal.sigwait(signals)
    issuer.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
