"""`make bench-viewer`: how a shared session of 5,000 messages loads and scrolls in Chromium, on the local cloud.

The session is scrolled from its beginning to its end, as fast as a strong flick, from the moment at which it is shown,
while the page is still busy with filling what is not seen. Asserts nothing.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import aiohttp

from bench.figures import Bar, Figure, held_against, megabytes, milliseconds, seconds, table
from bench.figures import count as counted
from bench.screenshots import CHROMIUM, posted
from bench.sharing import cloud, connector, made

if TYPE_CHECKING:
    from playwright.async_api import Browser, CDPSession

MESSAGES = 5000
BATCH_ITEMS = 600
PAUSE_S = 0.4
"""A share takes 30 batches in 10 s."""
STEP_PX = 300
"""Of each frame: 18,000 in a second, where there are 60 frames in one."""
WINDOW = {"width": 1280, "height": 900}
PATIENCE_MS = 120_000
BEGUN_MS = 1_795_262_400_000
PERCENTILES = {50: None, 95: Bar(bar=0.033, goal=0.017, shown=milliseconds), 99: None}
LONG_TASK_S = 0.05
"""Shorter ones browsers do not tell of. Source: W3C, "Long Tasks API" (read 2026-11-21)."""

ANSWER = """The test waits for **real** time in `module_{number}`. I would give it a clock:

```python
def wait_{number}(clock: Clock, seconds: float = 2) -> None:
    for _ in range(int(seconds)):
        clock.advance(1)  # one tick at a time
```

| file | change |
| --- | --- |
| `src/clock_{number}.py` | takes a clock |

- mend the test, then *run it again*
- read [the guide](https://docs.example.com/clocks)
"""
PATCH = """@@ -1,5 +1,6 @@
 import time

-def wait():
-    time.sleep({number})
+def wait(clock):
+    # one tick at a time
+    clock.advance({number})

"""
SCROLL = """async (step) => {
  const [frames, tasks] = [[], []];
  const watch = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  watch.observe({ type: "longtask" });
  const frame = () => new Promise(requestAnimationFrame);
  let [before, stuck] = [await frame(), 0];
  while (stuck < 10) {
    const from = scrollY;
    scrollBy({ top: step, behavior: "instant" });
    const now = await frame();
    frames.push(now - before);
    before = now;
    stuck = scrollY > from ? 0 : stuck + 1;
  }
  watch.disconnect();
  return { frames, tasks: tasks.map(({ duration }) => duration), height: document.documentElement.scrollHeight };
}"""
"""All in milliseconds; at the end of the page it stays for ten frames."""

Item = dict[str, Any]


async def main() -> None:
    """Raises BenchFailed."""
    from playwright.async_api import async_playwright  # noqa: PLC0415  its absence is told by this command alone

    async with cloud() as run:
        async with aiohttp.ClientSession(connector=connector()) as client:
            share = await written(client, run["outputs"]["sharing_url"], run["api_key"])
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM)
            found = await measured(browser, share["url"])
            version = browser.version
            await browser.close()
    print(f"{MESSAGES:,} messages, {found['height']:,} pixels high, Chromium {version}, {os.cpu_count()} cores.\n")
    print(table(figures(found)))


async def written(client: aiohttp.ClientSession, url: str, api_key: str) -> Any:
    """A share of such a session that everyone with the link may see."""
    share = await made(client, url, api_key)
    items = list(session())
    for start in range(0, len(items), BATCH_ITEMS):
        sent = {"secret": share["secret"], "data": items[start : start + BATCH_ITEMS]}
        await posted(client, f"{url}/api/share/{share['id']}/sync", sent, {})
        await asyncio.sleep(PAUSE_S)
    return share


def session() -> Iterator[Item]:
    """Questions, and answers with markdown, code, and an edit or a command."""
    yield {"type": "session", "data": {"id": "ses_bench", "title": "A long session"}}
    for number in range(1, MESSAGES, 2):
        yield from message(number, "user", {"type": "text", "text": f"Question {number}: what of `module_{number}`?"})
        answer = {"type": "text", "text": ANSWER.format(number=number)}
        yield from message(number + 1, "assistant", answer, edit(number) if number % 4 == 1 else command(number))


def message(number: int, role: str, *parts: Mapping[str, Any]) -> Iterator[Item]:
    id_, created = f"msg_{number:05d}", BEGUN_MS + number * 60_000
    tokens = {"input": 1200, "output": 340, "reasoning": 56, "cache": {"read": 9000, "write": 0}}
    data = {"id": id_, "role": role, "time": {"created": created, "completed": created + 12_300}, "tokens": tokens}
    yield {"type": "message", "data": data}
    for part, place in zip(parts, count(1)):
        yield {"type": "part", "data": {"id": f"prt_{number:05d}_{place}", "messageID": id_, **part}}


def edit(number: int) -> Item:
    given = {"filePath": f"src/clock_{number}.py", "oldString": "time.sleep(2)", "newString": "clock.advance(2)"}
    return tool("edit", given, "Edited.", diff=PATCH.format(number=number))


def command(number: int) -> Item:
    return tool("bash", {"command": f"pytest -q tests/test_clock_{number}.py"}, "1 passed in 0.02s\n" * 30)


def tool(name: str, given: Item, output: str, **metadata: str) -> Item:
    state = {"status": "completed", "input": given, "output": output, "metadata": metadata}
    return {"type": "tool", "tool": name, "callID": "call_1", "state": state}


async def measured(browser: "Browser", url: str) -> dict[str, Any]:
    """What SCROLL tells, "busy_s", "shown_s", "heap_bytes" and "nodes"."""
    tab = await browser.new_page(ignore_https_errors=True, viewport=WINDOW)  # type: ignore[arg-type]
    tab.set_default_timeout(PATIENCE_MS)
    begun_s = time.perf_counter()
    await tab.goto(url)
    await tab.locator("#content[aria-busy=false] article header").first.wait_for()
    shown_s = time.perf_counter() - begun_s
    tools = await tab.context.new_cdp_session(tab)
    await tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = await metrics(tools)
    scrolled = await tab.evaluate(SCROLL, STEP_PX)
    await tools.send("HeapProfiler.collectGarbage")
    after = await metrics(tools)
    busy_s = after["TaskDuration"] - before["TaskDuration"]
    told = {"busy_s": busy_s, "heap_bytes": after["JSHeapUsedSize"], "nodes": after["Nodes"]}
    return {**scrolled, **told, "shown_s": shown_s}


async def metrics(tools: "CDPSession") -> dict[str, float]:
    """By name; durations are CPU time of the page's thread in seconds.

    Source: Chrome DevTools Protocol, Performance domain (read 2026-11-21).
    """
    told = await tools.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in told["metrics"]}


def figures(found: Mapping[str, Any]) -> list[Figure]:
    """Of what was measured; times there are in milliseconds unless they say otherwise."""
    hundredths = quantiles([each / 1000 for each in found["frames"]], n=100)
    tasks_s: Sequence[float] = [each / 1000 for each in found["tasks"]]
    return [
        *(frame(each, bar, hundredths[each - 1]) for each, bar in PERCENTILES.items()),
        Figure(what="CPU time per frame, mean", value=found["busy_s"] / len(found["frames"]), shown=milliseconds),
        Figure(what="frames", value=len(found["frames"]), shown=counted),
        Figure(what=f"tasks over {milliseconds(LONG_TASK_S)}", value=len(tasks_s), shown=counted),
        Figure(what="longest of them", value=max(tasks_s, default=0), shown=milliseconds),
        Figure(what="until it is shown", value=found["shown_s"], shown=seconds),
        Figure(what="memory of scripts, all filled", value=found["heap_bytes"] / 1e6, shown=megabytes),
        Figure(what="nodes", value=found["nodes"], shown=counted),
    ]


def frame(each: int, bar: Bar | None, value_s: float) -> Figure:
    what = f"frame while scrolling, p{each}"
    return held_against(bar, what, value_s, "") if bar else Figure(what=what, value=value_s, shown=milliseconds)


if __name__ == "__main__":
    asyncio.run(main())
