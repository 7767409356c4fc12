"""What people get who have signed in at the load balancer: the page, what it looks like, and files to save."""

import re
from collections.abc import Callable

from serve_downloads import page_content
from serve_downloads.assets import ASSETS
from serve_downloads.bucket import Bucket
from serve_downloads.links import Links
from serve_downloads.manifest import Manifest
from serve_downloads.models import Models
from serve_downloads.problems import NothingPublished
from serve_downloads.public_site import artifact_answer
from serve_downloads.releases import Releases
from serve_downloads.rendering import page_answer, problem_page
from serve_downloads.settings import PageSettings
from served_site.exchange import Answer, Request
from served_site.fetched import Fetch
from served_site.problems import Problem
from served_site.serving import Route, Site
from served_site.signed_in import SignedIn


class SignedInSite:
    def __init__(self, settings: PageSettings, bucket: Bucket, fetch: Fetch, clock: Callable[[], float]) -> None:
        self._settings, self._bucket = settings, bucket
        self._signed_in = SignedIn(settings.sign_in, fetch, clock)
        self._releases = Releases(bucket, settings.public.release_keys, clock)
        self._links = Links(bucket, clock)
        self._models = Models(settings.public.gateway_url, fetch, clock)

    def page(self, asked: Request, _found: re.Match[str]) -> Answer:
        """With a new code, which nobody sees the need for when only headers are asked for."""
        person = self._signed_in.person(asked)
        manifest = self._manifest()
        link = self._links.mint(person.subject) if manifest and asked.method == "GET" else None
        offered = self._models.offered()
        return page_answer(page_content.page(self._settings, person, manifest, link, offered=offered))

    def download(self, asked: Request, found: re.Match[str]) -> Answer:
        self._signed_in.person(asked)
        return artifact_answer(self._releases, self._bucket, found["name"])

    def _manifest(self) -> Manifest | None:
        """Raises UntrustedRelease and StorageUnavailable."""
        try:
            return self._releases.current().manifest
        except NothingPublished:
            return None


def problem_answer(_asked: Request, problem: Problem, reference: str) -> Answer:
    return problem_page(problem, reference)


def signed_in_site(settings: PageSettings, bucket: Bucket, fetch: Fetch, clock: Callable[[], float]) -> Site:
    site = SignedInSite(settings, bucket, fetch, clock)
    routes = (
        Route(label="/", pattern=re.compile("/"), answer=site.page),
        ASSETS.route(),
        Route(label="/download/{name}", pattern=re.compile("/download/(?P<name>[^/]+)"), answer=site.download),
    )
    return Site(routes=routes, problem_answer=problem_answer)
