"""What is published next, of what is published now and what is asked for: decided before anything is built."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from opencode_stacks.publishing.manifest import HISTORY_LENGTH, Manifest, Release, numbers
from opencode_stacks.publishing.refusal import NotPublished
from opencode_stacks.publishing.wishes import NO_MINIMUM, Wishes


def decided(current: Manifest | None, version: str, wishes: Wishes, *, keys: Sequence[str], now: datetime) -> Manifest:
    """A version that is published already keeps its artifacts; one that is not has none yet. Raises NotPublished."""
    refuse_older(current, version)
    published = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    this = Release(version=version, published=published, message=wishes.message)
    before = [release for release in (current.history if current else ()) if release.version != version]
    config = wishes.config if wishes.config is not None else current.config if current else {}
    config_version = current.config_version if current else 0
    return Manifest(
        sequence=current.sequence + 1 if current else 1,
        version=version,
        published=published,
        minimum=minimum_of(current, version, wishes),
        critical=wishes.is_critical,
        message=wishes.message,
        config_version=config_version + (config != (current.config if current else {})),
        config=dict(config),
        artifacts=current.artifacts if current and current.version == version else (),
        history=(this, *before)[:HISTORY_LENGTH],
        keys=tuple(keys),
    )


def refuse_older(current: Manifest | None, version: str) -> None:
    if current and numbers(version) < numbers(current.version):
        raise NotPublished(
            f"{current.version} is published, and {version} is older: clients never go back; "
            "raise VERSION in the client's version.py"
        )


def minimum_of(current: Manifest | None, version: str, wishes: Wishes) -> str | None:
    """As it was unless asked for: a release never shuts out by itself those who have not updated yet."""
    wanted = wishes.minimum or (current.minimum if current else None)
    if wanted is None or wanted == NO_MINIMUM:
        return None
    if numbers(wanted) > numbers(version):
        raise NotPublished(f"MINIMUM={wanted} is above {version}, the version to be published: nobody could have it")
    return wanted


def outdated(versions: Iterable[str], published: Manifest, *, keep: int) -> list[str]:
    """Those to be removed: neither among the newest `keep`, nor one that clients may still have to fetch.

    Newer ones than what is published belong to somebody who is about to publish them.
    """
    to_date = [one for one in versions if numbers(one) <= numbers(published.version)]
    newest = sorted(to_date, key=numbers, reverse=True)[:keep]
    at_least = numbers(published.minimum or published.version)
    return sorted((one for one in to_date if one not in newest and numbers(one) < at_least), key=numbers)
