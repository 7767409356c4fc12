"""`python -m tests.docs.person URL`: a person at a browser, who opens the local issuer's page and signs in."""

import sys
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

from tests.local.browser import Form


def main(address: str) -> None:
    browser = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))
    with browser.open(address) as page:
        form = Form(page.read().decode())
    picked = urlencode({**form.hidden, "sub": form.choices[0]}).encode()
    # The answer leads to the callback of the program that waits.
    with browser.open(urljoin(address, form.action), picked):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
