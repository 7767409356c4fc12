// Everything there is of the share, and then what is added, as it happens: the state by pages, frames of a WebSocket in
// their order, and the state again from the last known sequence whenever there is a gap, or nobody may have said so.

import { textOf } from "./dom.js";

const MAX_WAIT_MS = 30_000;
const FIRST_WAIT_MS = 1000;
const FINAL = new Set([400, 401, 403, 404, 410]);
const WORDLESS = new Map([[0, "The service cannot be reached, or something else answers in its place."]]);
const TURN_MS = 500; // at most, before one of many asks for what no frame holds
const TURNS = 3;
const MAX_TIMER_MS = 2 ** 31 - 1; // of what browsers can wait for
const GRACE_MS = 1000; // times are told to the second
const AGAIN_MS = 60_000; // when the share's time should be up and is not
const ASLEEP_MS = 300_000; // half of what API Gateway lets a connection be idle before it ends it

export class Refused extends Error {
  // `status` is 0 where there is no answer, or none that can be understood.
  constructor(status, body) {
    super(textOf(body?.error?.message) || WORDLESS.get(status) || "The service did not say why.");
    this.status = status;
    this.isFinal = FINAL.has(status);
  }
}

export class Feed {
  #address;
  #told;
  #sequence = 0;
  #look = () => {}; // asks for what is new while there is a connection, on which it would else be told
  #timer = null;

  // `told` has page(page, isLast), frame(items), link("live" or "away"), wait(refused), before another try, and
  // end(problem), which is a Refused or whatever this page has done wrong.
  constructor(address, told) {
    [this.#address, this.#told] = [address, told];
  }

  // Until the service says that there is nothing more to come.
  async follow() {
    for (let tries = 0; ; tries += 1) {
      try {
        const live = await this.#catchUp();
        if (live && (await this.#listen(live))) tries = 0;
      } catch (problem) {
        if (!(problem instanceof Refused) || problem.isFinal) return this.#told.end(problem);
        this.#told.wait(problem);
      }
      this.#told.link("away");
      await pause(Math.random() * Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** tries));
    }
  }

  // All pages of the state after the last known sequence; all are of one state. Who watches needs no ticket.
  async #catchUp(isWatching = false) {
    let [page, number] = [null, null];
    do {
      page = await this.#page(number, isWatching);
      number = page.next_page;
      this.#told.page(page, number === null);
    } while (number !== null);
    this.#sequence = page.sequence;
    return page.live;
  }

  // Not at the same moment as all others who watch; again when the service has had no time for so many.
  async #catchUpInTurn() {
    for (let turn = 1; ; turn += 1) {
      await pause(Math.random() * TURN_MS * 2 ** (turn - 1));
      try {
        return await this.#catchUp(true);
      } catch (problem) {
        if (!(problem instanceof Refused) || problem.isFinal || turn === TURNS) throw problem;
      }
    }
  }

  async #page(number, isWatching) {
    const query = new URLSearchParams({ after: this.#sequence });
    if (isWatching) query.set("live", 0);
    if (number !== null) query.set("page", number);
    const response = await fetch(`${this.#address}/state?${query}`, { cache: "no-store" }).catch(() => null);
    const body = await response?.json().catch(() => null);
    if (!response?.ok || !body) throw new Refused(!response || response.ok ? 0 : response.status, body);
    this.#lookAtTheEnd(msLeft(body.share, response));
    return body;
  }

  // Nobody is told that a share's time is up: who asks then is.
  #lookAtTheEnd(leftMs) {
    clearTimeout(this.#timer);
    const waitMs = leftMs > 0 ? Math.min(leftMs + GRACE_MS, MAX_TIMER_MS) : AGAIN_MS;
    this.#timer = setTimeout(() => this.#look(), waitMs);
  }

  // Until the connection ends, or may have ended without a word; gives whether there was one.
  async #listen({ url, ticket }) {
    const address = new URL(url);
    address.searchParams.set("ticket", ticket);
    const socket = new WebSocket(address);
    const over = new AbortController();
    const { signal } = over;
    let work = Promise.resolve();
    let wasOpen = false;
    const ended = new Promise((resolve, reject) => {
      const fail = (problem) => {
        over.abort();
        reject(problem);
      };
      const next = (step) => {
        work = work.then(() => signal.aborted || step()).catch(fail);
      };
      const open = () => {
        wasOpen = true;
        next(() => this.#catchUp(true));
        next(() => this.#told.link("live"));
      };
      this.#look = () => next(() => this.#catchUp(true));
      socket.addEventListener("open", open, { signal });
      socket.addEventListener("message", ({ data }) => next(() => this.#take(JSON.parse(data))), { signal });
      socket.addEventListener("close", () => next(resolve), { signal });
      onWaking(() => next(resolve), signal);
    });
    await ended.finally(() => {
      over.abort();
      socket.close();
    });
    return wasOpen;
  }

  async #take(frame) {
    if (frame.ended) throw new Refused(410, { error: { message: `It was ${frame.ended} while you were watching.` } });
    if (frame.sequence <= this.#sequence) return;
    if (frame.sequence !== this.#sequence + 1 || !frame.items) {
      await this.#catchUpInTurn();
      return;
    }
    this.#told.frame(frame.items);
    this.#sequence = frame.sequence;
  }
}

// By the service's clock, which is the one that counts; the reader's may be wrong. Not a number where nothing is told.
function msLeft(share, response) {
  const nowMs = Date.parse(response.headers.get("date")) || Date.now();
  return Date.parse(share?.expires_at) - nowMs;
}

// When the device or the tab may have slept: a connection that ended meanwhile can look as if it were there.
function onWaking(act, signal) {
  let hiddenMs = document.hidden ? Date.now() : Infinity;
  const look = () => {
    if (document.hidden) hiddenMs = Date.now();
    else if (Date.now() - hiddenMs >= ASLEEP_MS) act();
  };
  document.addEventListener("visibilitychange", look, { signal });
  addEventListener("online", act, { signal });
}

// Shorter when the network comes back.
function pause(milliseconds) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      over.abort();
      resolve();
    };
    setTimeout(end, milliseconds);
    addEventListener("online", end, { signal: over.signal });
  });
}
