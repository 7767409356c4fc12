"""From the download page to the first answer, to sessions that others watch and to the next version, all by hand."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import psutil
import pytest
import pytest_asyncio

from bench.screenshots import sign_in
from opencode_auth.updates.artifacts import this_platform
from opencode_local.run.guide import CHAT_MODEL
from tests.clients.agents import PROOF, Desk, needs_agents, task
from tests.functions.sharing import hostile
from tests.functions.sharing.guarded import guarded, has_only_its_own_elements
from tests.local.run.newcomer import Newcomer, packed_client, published
from tests.local.run.running import Running, make_up
from tests.local.run.shared_sessions import COLLEAGUE, OWNER, opened, watching, written_share

if TYPE_CHECKING:
    from playwright.async_api import Browser

FIRST, SECOND, THIRD = "1.0.0", "1.1.0", "1.2.0"


def recycled(running: Running) -> None:
    """Ends the functions' instances, as AWS may at any time: new ones know nothing of the last minute's manifest."""
    instances = [
        child for child in psutil.Process(running.process.pid).children() if "bootstrap" in str(child.cmdline())
    ]
    assert instances
    for instance in instances:
        instance.kill()
    psutil.wait_procs(instances)


@pytest_asyncio.fixture(scope="module")
async def newcomer(tmp_path_factory: pytest.TempPathFactory, chromium: "Browser") -> AsyncIterator[Newcomer]:
    """Has signed in at the page, run its line and signed in with the client."""
    folder = tmp_path_factory.mktemp("downloads")
    async with make_up(folder) as running:
        await published(running, FIRST, MESSAGE='The "first" $(one)')
        context = await chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
        person = Newcomer(running, Desk(folder), await context.new_page())
        await sign_in(person.page, person.downloads_url)
        installed = await person.done(await person.copied_line())
        assert "next: opencode-auth login" in installed.complaints, installed
        await person.signed_in()
        yield person
        await context.close()


async def test_the_page_greets_the_person_and_the_line_on_it_installs_the_release(newcomer: Newcomer) -> None:
    await newcomer.page.goto(newcomer.downloads_url)
    text = await newcomer.page.inner_text("body")

    assert "Hello, Ada Lovelace" in text
    assert 'The "first" $(one)' in text
    assert f"{newcomer.running.url}/v1" in await newcomer.page.content(), "the reader's own gateway"
    assert await newcomer.version() == FIRST
    assert "ada@example.com" in (await newcomer.done("opencode-auth status")).output


@needs_agents
async def test_opencode_and_claude_code_answer_with_what_the_client_has_set_up(newcomer: Newcomer) -> None:
    proof = newcomer.desk.project / "proof.txt"
    await newcomer.done("opencode-auth use opencode --yes")
    await newcomer.done("opencode-auth use claude-code --yes")

    claude = await newcomer.done(
        "claude --print --output-format=json --allowedTools=Bash --model claude-sonnet-5", said=task("Bash")
    )
    by_claude = proof.read_text()
    proof.unlink()
    opencode = await newcomer.done(f"opencode run --format=json --model=bedrock/{CHAT_MODEL}", said=task("bash"))

    assert PROOF in json.loads(claude.output)["result"]
    assert by_claude == f"{PROOF}\n"
    assert newcomer.desk.proof == f"{PROOF}\n", opencode


@needs_agents
async def test_two_people_watch_what_opencode_writes_until_its_owner_deletes_it(
    newcomer: Newcomer, chromium: "Browser"
) -> None:
    await newcomer.done("opencode-auth use opencode --yes")
    async with newcomer.opencode_server() as server, AsyncExitStack() as browsers:
        run = f"opencode run --attach={server} --model=bedrock/{CHAT_MODEL}"
        await newcomer.done(f"{run} --share", said="The first words")
        [share] = json.loads((await newcomer.done("opencode-auth shares list --json")).output)
        people = [watching(chromium, share["url"], person) for person in (OWNER, COLLEAGUE)]
        tabs = [await browsers.enter_async_context(each) for each in people]
        stranger = await browsers.enter_async_context(opened(chromium, share["url"]))
        for tab in tabs:
            await tab.get_by_role("article").get_by_text("You said: The first words").wait_for()
            await tab.evaluate("window.isTheSame = true")

        await newcomer.done(f"{run} --session={share['session_id']}", said="The second words")
        for tab in tabs:
            await tab.get_by_role("article").get_by_text("You said: The second words").wait_for()
            assert "The second words" in await tab.locator(".from-user").last.inner_text()
            assert await tab.evaluate("window.isTheSame"), "it was not loaded again"
        await stranger.get_by_role("link", name="Sign in").wait_for()
        assert "words" not in await stranger.content()

        await newcomer.done(f"opencode-auth shares delete {share['id']}")
        for tab in tabs:
            await tab.get_by_role("heading", name="This session is no longer shared").wait_for()
            assert "It was deleted while you were watching." in await tab.inner_text("main"), "told, not asked for"
            assert "words" not in await tab.content()
            assert await tab.evaluate("window.isTheSame")

    assert share["visibility"] == "organisation", "nobody has said otherwise"


async def test_nothing_runs_of_what_the_service_takes_and_shows_as_it_is(
    newcomer: Newcomer, chromium: "Browser"
) -> None:
    """Harm in every field that the service does not refuse, and in what comes while somebody watches."""
    words = [text for text in hostile.PAYLOADS if len(text) <= 64 and text.split() == [text] and "@" not in text]
    people = [*(f"{word}@example.com" for word in words[:99]), "linus@example.com"]
    async with written_share(newcomer.running, visibility="people", people=people) as share:
        async with watching(chromium, share.link, COLLEAGUE) as tab:
            signed_in = await tab.context.storage_state()
        await share.sync(each["item"] for each in hostile.messages_as_taken(hostile.PAYLOADS))

        async with guarded(chromium, share.link, storage_state=signed_in) as tab:
            for about in hostile.about_all(hostile.PAYLOADS):
                await share.sync([about["item"]])
            await tab.locator("#summary").get_by_text("Changed files").wait_for()
            await tab.evaluate("dispatchEvent(new Event('beforeprint'))")
            assert await tab.locator("article").count() == hostile.MESSAGES * len(hostile.PAYLOADS)
            assert await tab.locator("h1").evaluate("node => node.textContent") == "\n".join(hostile.PAYLOADS)
            await has_only_its_own_elements(tab)
            text = await tab.locator("#messages").evaluate("node => node.textContent")
            assert [each for each in hostile.PAYLOADS if each not in text] == [], "as they were written"


async def test_a_newer_release_is_installed_and_what_was_configured_stays(newcomer: Newcomer) -> None:
    await published(newcomer.running, SECOND)
    recycled(newcomer.running)
    configured = newcomer.configured()

    checked = await newcomer.done("opencode-auth update --check")
    await newcomer.done("opencode-auth update")

    assert SECOND in checked.output
    assert await newcomer.version() == SECOND
    assert newcomer.configured() == configured
    assert (await newcomer.done("opencode-auth models")).output


async def test_what_was_tampered_with_is_neither_installed_nor_served(newcomer: Newcomer) -> None:
    await published(newcomer.running, THIRD)
    recycled(newcomer.running)
    s3, bucket = newcomer.running.aws("s3"), newcomer.running.run.outputs["releases_bucket"]
    name = f"opencode-auth-{THIRD}-{this_platform()}"
    s3.put_object(Bucket=bucket, Key=f"releases/{THIRD}/{name}", Body=packed_client(FIRST).encode())
    before = await newcomer.version()

    updated = await newcomer.shell("opencode-auth update")
    line = await newcomer.copied_line()
    installed = await newcomer.shell(line)

    assert updated.exit_code == 1
    assert "SHA-256" in updated.complaints
    assert installed.exit_code == 1
    assert "nothing was run" in installed.complaints
    assert await newcomer.version() == before


async def test_signing_out_ends_it(newcomer: Newcomer) -> None:
    await newcomer.done("opencode-auth logout")

    assert (await newcomer.shell("opencode-auth token")).exit_code == 3
