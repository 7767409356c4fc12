"""The viewer in a browser, with its policy: what is shown of a session, and how it follows what is written."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.functions.sharing import sessions
from tests.functions.sharing.watched import ABOUT, SHARE_ID, Watched, entry, open_all
from tests.functions.test_page_in_browser import DESK, FAINT_TEXTS, PHONE, TOO_WIDE

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

MANY = 80
NOW, WRONG_BY_YEARS = datetime(2026, 11, 21, 14, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
HIDDEN = """isHidden => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
PAUSES = """random => {
  Math.random = () => random;
  const [wait, all] = [window.setTimeout, (window.pauses = [])];
  window.setTimeout = (act, ms) => wait(act, ms, ms < 1000 && all.push(ms));
}"""
TEXTS = "all => all.map(one => one.textContent)"


async def is_live(tab: "Page") -> None:
    await tab.get_by_text("Live", exact=True).wait_for()


@pytest.mark.parametrize(("scheme", "window"), [("light", DESK), ("dark", PHONE)])
async def test_every_text_can_be_read_and_nothing_is_wider_than_the_window(
    share: Watched, chromium: "Browser", scheme: str, window: dict[str, int]
) -> None:
    share.add(sessions.whole())
    async with share.tab(chromium, color_scheme=scheme, viewport=window) as tab:
        await open_all(tab)
        assert await tab.evaluate(FAINT_TEXTS) == []
        assert await tab.evaluate(TOO_WIDE) == 0
        ground = await tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (int(re.findall(r"\d+", ground)[0]) < 128) == (scheme == "dark")


async def test_it_shows_who_shares_what_with_whom_and_everything_in_it(share: Watched, chromium: "Browser") -> None:
    share.add(sessions.whole())
    async with share.tab(chromium, viewport=DESK) as tab:
        about = tab.get_by_label("About this session")
        assert "Shared by Ada Lovelace" in await about.inner_text()
        assert "until Nov 28, 2026, 2:00 PM" in await about.inner_text()
        totals = await about.locator("dd").all_inner_texts()
        assert totals == ["Claude Sonnet 5.5", "3", "1.2K in, 340 out, 56 reasoning, 9K cached", "$0.01"]

        answer = tab.get_by_role("article").nth(1)
        assert await answer.get_by_role("table").get_by_role("cell", name="takes a clock").is_visible()
        link = answer.get_by_role("link", name="the guide")
        assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert await link.get_attribute("target") == "_blank"
        assert await answer.locator(".code .hljs-keyword").all_inner_texts() == ["def"]
        states = await answer.locator(".tool > summary .state").all_inner_texts()
        assert [state.strip() for state in states] == ["done 1.5 s", "running", "failed 1.5 s", "waiting"]
        assert await answer.get_by_text("time.sleep(2)").count() == 0, "folded"

        await open_all(tab)
        assert "Removed: -    time.sleep(2)" in await answer.locator("del.row").evaluate_all(TEXTS)
        assert "Added: +    clock.advance(2)" in await answer.locator("ins.row").evaluate_all(TEXTS)
        assert "Added: +    # --- one tick at a time" in await answer.locator("ins.row").evaluate_all(TEXTS)
        for text in ("The clock is real.", "Not allowed", '"pattern": "**', '"shape": "a new type"', "Edited."):
            assert text in await answer.inner_text()


async def test_pictures_are_shown_and_other_files_saved_whatever_they_say_they_are(
    share: Watched, chromium: "Browser"
) -> None:
    page = "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="
    share.add(
        [
            *sessions.user(1, f"![far](https://pictures.example.com/x.png) ![own]({sessions.PNG})"),
            sessions.part(1, 2, type="file", mime="image/png", filename="shot.png", url=sessions.PNG),
            sessions.part(1, 3, type="file", mime="image/svg+xml", filename="x.svg", url="data:image/svg+xml,<svg/>"),
            sessions.part(1, 4, type="file", mime="text/html", filename="../a\u202ecod.html", url=page),
            sessions.part(
                1, 5, type="file", mime="image/png", filename="far.png", url="https://pictures.example.com/y"
            ),
            sessions.part(1, 6, type="file", mime="text/plain", filename="local.txt", url="file:///home/ada/local.txt"),
        ]
    )
    async with share.tab(chromium, viewport=DESK) as tab:
        shown = tab.get_by_role("article").get_by_role("img")
        assert [await one.get_attribute("alt") for one in await shown.all()] == ["own", "shot.png"]
        assert await tab.get_by_role("link", name="Picture: far").is_visible()
        assert await tab.get_by_role("button", name=re.compile("^Download ")).count() == 2
        async with tab.expect_download() as downloading:
            await tab.get_by_role("button", name=re.compile(r"cod\.html")).click()
        download = await downloading.value
        assert "/" not in download.suggested_filename
        assert "\u202e" not in download.suggested_filename
        assert (await download.path()).read_bytes() == b"<script>alert(1)</script>"
        assert len(tab.context.pages) == 1


async def test_what_is_written_appears_and_nothing_else_is_touched(share: Watched, chromium: "Browser") -> None:
    share.add(sessions.whole())
    async with share.tab(chromium, viewport=DESK) as tab:
        await is_live(tab)
        await tab.locator(".reasoning > summary").click()
        await tab.get_by_text("Run the test").click()
        await tab.evaluate("for (const each of document.querySelectorAll('.parts *')) each.isOld = true")

        time = {"start": sessions.BEGUN_MS, "end": sessions.BEGUN_MS + 4000}
        command = {"command": "pytest -q"}
        await share.write(
            [
                sessions.tool(2, 5, "bash", 2, status="completed", input=command, output="1 passed", time=time),
                sessions.part(2, 3, type="text", text=f"{sessions.ANSWER}\n\nThat is all.", version=2),
                *sessions.user(4, "One more thing"),
            ]
        )
        await tab.get_by_role("article").get_by_text("One more thing").wait_for()

        new = await tab.evaluate("[...document.querySelectorAll('.parts > *')].filter(one => !one.isOld).length")
        assert new == 2, "the tool call and the new message's text"
        assert await tab.get_by_text("1 passed").is_visible(), "what was open is open still"
        assert await tab.locator(".code").first.evaluate("node => node.isOld"), "all before what was added to a text"
        assert await tab.get_by_text("That is all.").evaluate("node => !node.isOld")
        await tab.get_by_role("status").get_by_text("1 new message").wait_for(state="attached")


async def test_what_arrives_late_or_twice_changes_nothing(share: Watched, chromium: "Browser") -> None:
    new, old = sessions.part(1, 1, type="text", text="new", version=7), sessions.part(1, 1, type="text", text="old")
    same = sessions.part(1, 1, type="text", text="older than new", version=7)
    share.add([*sessions.about(), *sessions.user(1, "first"), new])
    async with share.tab(chromium, viewport=DESK) as tab:
        await is_live(tab)
        for late in (old, new, same):
            await share.write([late])
        await share.tell({"sequence": 2, "version": 1, "items": [{**new, "version": 99}]})
        await share.write(sessions.about("The end"))
        await tab.get_by_role("heading", name="The end", level=1).wait_for()

        assert await tab.locator(".text").all_inner_texts() == ["older than new"], "the greater JSON of one version"
        assert share.asked == ["after=0", "after=1&live=0"], "the second when it was connected"


async def test_a_reader_that_was_away_catches_up_without_a_gap_or_a_repeat(share: Watched, chromium: "Browser") -> None:
    share.add(sessions.user(1, "one"))
    async with share.tab(chromium, viewport=DESK) as tab:
        await is_live(tab)
        await share.disconnect()
        share.add(sessions.user(2, "two"))
        share.add(sessions.user(3, "three"))
        await tab.get_by_text("three").wait_for()
        await is_live(tab)
        assert len(share.tickets) == len(set(share.tickets)) == 2, "a ticket is good for one connection"

        share.add(sessions.user(4, "four"))
        await share.write(sessions.user(5, "five"))
        await tab.get_by_text("five").wait_for()
        await share.tell({"sequence": share.add(sessions.user(6, "six")), "version": 1})
        await tab.get_by_text("six").wait_for()

        assert await tab.locator(".text").all_inner_texts() == ["one", "two", "three", "four", "five", "six"]
        assert share.asked[-2:] == ["after=3&live=0", "after=5&live=0"], "for a gap, and for what no frame holds"


async def test_a_reader_waits_for_its_turn_to_ask_and_stays_connected_when_it_is_told_to_wait(
    share: Watched, chromium: "Browser"
) -> None:
    """Whoever else watches has the same frame at the same moment."""
    async with share.tab(chromium, viewport=DESK) as tab:
        await is_live(tab)
        await tab.evaluate(PAUSES, 0.25)
        await tab.route("**/state?after=0&live=0", lambda route: route.fulfill(status=502), times=1)
        await share.tell({"sequence": share.add(sessions.user(1, "It has come")), "version": 1})
        await tab.get_by_text("It has come").wait_for()

        assert await tab.evaluate("pauses") == [125, 250]
        assert share.asked[-1] == "after=0&live=0"
        assert len(share.tickets) == 1


async def test_when_the_share_ends_nothing_of_it_stays_on_the_page(share: Watched, chromium: "Browser") -> None:
    share.add(sessions.whole())
    async with share.tab(chromium, viewport=DESK) as tab:
        await is_live(tab)
        await share.tell({"ended": "deleted"})
        await tab.get_by_role("heading", name="This session is no longer shared").wait_for()

        assert "clock" not in await tab.locator("body").inner_text()
        assert await tab.get_by_text("Live").is_hidden()
        assert len(share.asked) == 2, "and nothing more is asked for"


@pytest.mark.parametrize("clock", [WRONG_BY_YEARS, NOW])
async def test_when_its_time_is_up_the_page_says_so_by_itself_whatever_time_its_device_shows(
    share: Watched, chromium: "Browser", clock: datetime
) -> None:
    share.now, share.about = NOW, {**ABOUT, "expires_at": "2026-11-21T15:00:00Z"}
    share.add(sessions.whole())
    async with share.tab(chromium, clock=clock, viewport=DESK) as tab:
        await is_live(tab)
        await tab.clock.fast_forward("59:00")
        asked = len(share.asked)
        share.now, share.about = NOW + timedelta(hours=1), {**ABOUT, "expires_at": "2026-11-21T16:00:00Z"}
        async with tab.expect_response("**/state?*"):
            await tab.clock.fast_forward("01:01")
        assert len(share.asked) == asked + 1, "and no sooner"
        assert await tab.get_by_text("Run the test").is_visible(), "its owner has made it last longer"

        share.refusal = (410, "It has expired.")
        await tab.clock.fast_forward("01:00:01")
        await tab.get_by_role("heading", name="This session is no longer shared").wait_for()
        assert "clock" not in await tab.locator("body").inner_text()
        assert await tab.get_by_text("Live").is_hidden()
        assert len(share.tickets) == 1


async def test_a_tab_that_has_slept_catches_up_although_its_connection_looks_as_if_it_were_there(
    share: Watched, chromium: "Browser"
) -> None:
    share.add(sessions.user(1, "one"))
    async with share.tab(chromium, clock=NOW, viewport=DESK) as tab:
        for slept, comes_back in (("04:59", False), ("05:00", True)):
            await is_live(tab)
            await tab.evaluate(HIDDEN, True)
            await tab.clock.fast_forward(slept)
            if comes_back:
                share.sockets.clear()
                await share.write(sessions.user(2, "two"))
            await tab.evaluate(HIDDEN, False)
            assert len(share.tickets) == 1
        await tab.get_by_text("two").wait_for()
        await is_live(tab)
        await share.write(sessions.user(3, "three"))
        await tab.get_by_text("three").wait_for()

        assert await tab.locator(".text").all_inner_texts() == ["one", "two", "three"]
        assert len(share.tickets) == len(set(share.tickets)) == 2


TITLES = {
    403: "This session is not shared with you",
    404: "There is no such session here",
    410: "This session is no longer shared",
    401: "Sign in to see this session",
}


async def test_who_may_not_see_it_is_told_why_and_how(share: Watched, chromium: "Browser") -> None:
    share.refusal = (403, "In the service's words.")
    async with share.tab(chromium, anchor="#message-msg_1", viewport=PHONE) as tab:
        for status, title in TITLES.items():
            share.refusal = (status, "In the service's words.")
            await tab.reload()
            await tab.get_by_role("heading", name=title, level=1).wait_for()
            assert await tab.get_by_text("In the service's words.").is_visible()
            assert await tab.get_by_role("search").count() == 0
            assert await tab.get_by_role("link", name="Sign in").count() == (status == 401)
        way = await tab.get_by_role("link", name="Sign in").get_attribute("href")
        assert way == f"/sign-in/{SHARE_ID}#message-msg_1"
        assert share.asked == ["after=0"] * 5


async def test_printed_it_has_every_message_and_no_controls(share: Watched, chromium: "Browser") -> None:
    share.add(sessions.long(MANY))
    async with share.tab(chromium, viewport=DESK) as tab:
        await tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        await tab.emulate_media(media="print")

        assert await tab.get_by_role("article").filter(has_text=re.compile(r"(Question|Answer) \d+")).count() == MANY
        assert await tab.locator("button:visible, input:visible").count() == 0


ODD = {"toString": 1, "valueOf": 1, "toJSON": 1}
"""What JavaScript can make no text or number of."""


def odd_fields(shape: Any) -> dict[str, Any]:
    names = (
        "agent attempt cost error files finish mime mode model modelID providerID role state synthetic text time tokens"
    )
    return {**dict.fromkeys(names.split(), shape), "tokens": {"input": shape, "cache": shape}, "url": shape}


async def test_items_of_any_shape_are_shown_and_break_nothing(share: Watched, chromium: "Browser") -> None:
    shapes: list[Any] = [
        ODD,
        None,
        True,
        5,
        -1e308,
        "text",
        [],
        [None, 3],
        {},
        {"type": 5, "text": {}},
        {"time": [], "tokens": "x"},
    ]
    kinds = ["session", "message", "part", "session_diff", "model", "constructor", "__proto__", "a new kind"]
    odd = [{"key": f"{kind}/{at}", "version": 1, "item": {"type": kind, "data": shape}}
           for kind in kinds for at, shape in enumerate(shapes)]  # fmt: skip
    names = ["text", "reasoning", "tool", "file", "patch", "agent", "subtask", "retry", "toString", "__proto__"]
    parts = [
        sessions.part(2, number * 100 + at, type=name, **odd_fields(shape))
        for number, name in enumerate(names)
        for at, shape in enumerate(shapes)
    ]
    states = [{"status": shape, "input": shape, "metadata": {"files": shape, "diff": shape}, "attachments": shape,
               "output": shape, "time": shape} for shape in shapes]  # fmt: skip
    tools = [sessions.part(3, at, type="tool", tool=state["status"], state=state) for at, state in enumerate(states)]
    heads = [
        entry("message", {"id": f"n{at}", "role": "assistant", **odd_fields(shape)}) for at, shape in enumerate(shapes)
    ]
    times = {"created": ODD, "completed": ODD, "start": ODD, "end": ODD}
    heads.append(entry("message", {"id": "o", "role": "assistant", "time": times}))
    parts.append(sessions.part(2, 9999, type="reasoning", text="", time=times))
    share.add([*sessions.about(), *odd, *heads, *parts, *tools, *sessions.user(4, "still here")])
    async with share.tab(chromium, viewport=DESK) as tab:
        for kind in ("session", "model", "session_diff"):
            for shape in shapes:
                await share.write([{**entry(kind, shape), "version": 2 + len(share.batches)}])
        await share.write([entry("session", {"title": "The end"}, 99)])
        await is_live(tab)
        await open_all(tab)
        assert await tab.get_by_text("still here").is_visible()
        assert await tab.get_by_text("Item of type a new kind").count() == len(shapes)


async def test_without_live_updates_the_page_asks_again_by_itself(share: Watched, chromium: "Browser") -> None:
    share.has_live = False
    share.about = {**ABOUT, "visibility": "link"}
    share.add(sessions.user(1, "one"))
    async with share.tab(chromium, viewport=DESK) as tab:
        share.add(sessions.user(2, "two"))
        await tab.get_by_text("two").wait_for()
        assert await tab.get_by_text("Not live").is_visible()
        assert await tab.get_by_text("Visible to everyone who has the link").is_visible()
