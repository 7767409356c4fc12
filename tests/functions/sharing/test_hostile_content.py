"""Content that is meant to run as script, in a browser, with the page's policy and without it: nothing runs."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.functions.sharing import hostile
from tests.functions.sharing.guarded import guarded, has_only_its_own_elements
from tests.functions.sharing.watched import SHARE_ID, Watched, running

if TYPE_CHECKING:
    from playwright.async_api import Browser

WITH_AND_WITHOUT = pytest.mark.parametrize("has_policy", [True, False], ids=["with the policy", "without it"])
UNQUOTED = "!'()*"
"""What JavaScript's encodeURIComponent leaves as it is, and Python's does not."""


def test_the_corpus_is_not_small() -> None:
    assert len(hostile.PAYLOADS) == len(set(hostile.PAYLOADS)) >= 80


@WITH_AND_WITHOUT
async def test_nothing_runs_in_any_field_of_any_message_or_part(chromium: "Browser", *, has_policy: bool) -> None:
    anchor = f"#message-{quote(hostile.message_id(4, hostile.PAYLOADS[1]), safe=UNQUOTED)}"
    async with running(Watched(has_policy=has_policy)) as share:
        share.add(hostile.messages(hostile.PAYLOADS))
        async with guarded(chromium, f"{share.url}/share/{SHARE_ID}{anchor}", has_policy=has_policy) as tab:
            assert await tab.evaluate("document.activeElement.id.length") > len("message-"), "a link to one of them"
            await tab.evaluate("dispatchEvent(new Event('beforeprint'))")
            assert await tab.locator("article").count() == hostile.MESSAGES * len(hostile.PAYLOADS)
            await has_only_its_own_elements(tab)
            assert "<script>alert(1)</script>" in await tab.locator("#messages").evaluate("all => all.textContent")


class Changing(Watched):
    """Tells something else of the session and of the share each time that it is asked."""

    def state(self, after: int, page: int) -> dict[str, Any]:
        payload = hostile.PAYLOADS[len(self.batches) % len(hostile.PAYLOADS)]
        self.about = dict.fromkeys(self.about, payload)
        self.add(hostile.about(payload, len(self.batches)))
        return super().state(after, page)


@WITH_AND_WITHOUT
async def test_nothing_runs_in_what_is_told_of_the_session_and_the_share(
    chromium: "Browser", *, has_policy: bool
) -> None:
    async with (
        running(Changing(has_policy=has_policy)) as share,
        guarded(chromium, f"{share.url}/share/{SHARE_ID}", has_policy=has_policy) as tab,
    ):
        await tab.evaluate(f"() => ({hostile.AT_EVERY_CHANGE})({hostile.FOREIGN})")
        for _ in hostile.PAYLOADS:
            await share.tell({"sequence": 10**6, "version": 1})
        await share.tell({"ended": "\n".join(hostile.PAYLOADS)})
        await tab.get_by_role("heading", name="This session is no longer shared").wait_for()

        assert hostile.PAYLOADS[0] in await tab.locator(".lead").inner_text()
        titles = await tab.evaluate("[...window.__titles]")
        assert {text.strip() for text in hostile.PAYLOADS} <= {text.strip() for text in titles}
        assert await tab.evaluate("window.__foreign") == []
