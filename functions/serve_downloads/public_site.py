"""What anyone may fetch: the signed manifest, and, with a code from the page, the installers and their files."""

import re
from collections.abc import Callable

from serve_downloads.bucket import Bucket
from serve_downloads.installer import INSTALLERS
from serve_downloads.links import Links
from serve_downloads.releases import Releases
from serve_downloads.rendering import problem_page
from serve_downloads.settings import PublicSettings
from served_site.exchange import Answer, Request, plain, redirect
from served_site.problems import Problem, UnknownPage
from served_site.serving import Route, Site

MANIFEST_LIFE_S = 300
ENTITY_TAG = re.compile(r'"[^"]*"')
CODE = r"(?P<code>[^/.]+)"


class PublicSite:
    def __init__(self, settings: PublicSettings, bucket: Bucket, clock: Callable[[], float]) -> None:
        self._settings, self._bucket = settings, bucket
        self._releases = Releases(bucket, settings.release_keys, clock)
        self._links = Links(bucket, clock)

    def manifest(self, asked: Request, _found: re.Match[str]) -> Answer:
        release = self._releases.current()
        headers = {"ETag": release.etag, "Cache-Control": f"public, max-age={MANIFEST_LIFE_S}"}
        known = asked.header("if-none-match")
        if release.etag in ENTITY_TAG.findall(known) or known.strip() == "*":
            return Answer(status=304, headers=headers)
        return Answer(headers={"Content-Type": "application/json", **headers}, body=release.envelope)

    def installer(self, _asked: Request, found: re.Match[str]) -> Answer:
        self._links.redeem(found["code"])
        manifest = self._releases.current().manifest
        base_url = f"{self._settings.downloads_url}/i/{found['code']}"
        return plain(INSTALLERS[found["kind"]](manifest, self._settings.gateway_url, base_url))

    def artifact(self, _asked: Request, found: re.Match[str]) -> Answer:
        self._links.redeem(found["code"])
        return artifact_answer(self._releases, self._bucket, found["name"])


def artifact_answer(releases: Releases, bucket: Bucket, name: str) -> Answer:
    """To where S3 serves it for 300 s. Raises UnknownPage for what the verified manifest does not list."""
    try:
        key = releases.current().manifest.key(name)
    except KeyError as error:
        raise UnknownPage from error
    return redirect(bucket.presigned_url(key))


def problem_answer(asked: Request, problem: Problem, reference: str) -> Answer:
    """A page for browsers, a sentence for everything else."""
    if asked.is_from_browser:
        return problem_page(problem, reference)
    told = f" (reference {reference})" if reference else ""
    return plain(f"{problem.title}. {problem.text}{told}\n", status=problem.status)


def public_site(settings: PublicSettings, bucket: Bucket, clock: Callable[[], float]) -> Site:
    site = PublicSite(settings, bucket, clock)
    routes = (
        Route(label="/version.json", pattern=re.compile("/version[.]json"), answer=site.manifest),
        Route(label="/i/{code}", pattern=re.compile(rf"/i/{CODE}(?P<kind>|[.]ps1)"), answer=site.installer),
        Route(label="/i/{code}/{name}", pattern=re.compile(rf"/i/{CODE}/(?P<name>[^/]+)"), answer=site.artifact),
    )
    return Site(routes=routes, problem_answer=problem_answer)
