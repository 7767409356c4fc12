// Everything there is of the share, and then what is added, as it happens: the state by pages, frames of a WebSocket in
// their order, and the state again from the last known sequence whenever there is a gap.

import { textOf } from "./dom.js";

const MAX_WAIT_MS = 30_000;
const FIRST_WAIT_MS = 1000;
const FINAL = new Set([401, 403, 404, 410]);

export class Refused extends Error {
  constructor(status, body) {
    super(textOf(body?.error?.message) || "The service did not say why.");
    this.status = status;
    this.isFinal = FINAL.has(status);
  }
}

export class Feed {
  #address;
  #told;
  #sequence = 0;

  // `told` has page(page, isLast), frame(items), link("live" or "away") and end(refused).
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
        if (!(problem instanceof Refused)) throw problem;
        if (problem.isFinal) return this.#told.end(problem);
      }
      this.#told.link("away");
      await pause(Math.random() * Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** tries));
    }
  }

  // All pages of the state after the last known sequence; all are of one state.
  async #catchUp() {
    let [page, number] = [null, null];
    do {
      page = await this.#page(number);
      number = page.next_page;
      this.#told.page(page, number === null);
    } while (number !== null);
    this.#sequence = page.sequence;
    return page.live;
  }

  async #page(number) {
    const query = new URLSearchParams({ after: this.#sequence });
    if (number !== null) query.set("page", number);
    const response = await fetch(`${this.#address}/state?${query}`, { cache: "no-store" }).catch(() => null);
    const body = await response?.json().catch(() => null);
    if (!response?.ok || !body) throw new Refused(response?.status ?? 0, body);
    return body;
  }

  // Until the connection ends; gives whether there was one.
  async #listen({ url, ticket }) {
    const address = new URL(url);
    address.searchParams.set("ticket", ticket);
    const socket = new WebSocket(address);
    let work = Promise.resolve();
    let wasOpen = false;
    const failed = new Promise((_, reject) => {
      const next = (step) => {
        work = work.then(step).catch((problem) => {
          reject(problem);
          socket.close();
        });
      };
      socket.addEventListener("open", () => {
        wasOpen = true;
        next(() => this.#catchUp());
        next(() => this.#told.link("live"));
      });
      socket.addEventListener("message", ({ data }) => next(() => this.#take(JSON.parse(data))));
    });
    await Promise.race([failed, new Promise((resolve) => socket.addEventListener("close", resolve))]);
    await work;
    return wasOpen;
  }

  async #take(frame) {
    if (frame.ended) throw new Refused(410, { error: { message: `It was ${frame.ended} while you were watching.` } });
    if (frame.sequence <= this.#sequence) return;
    if (frame.sequence !== this.#sequence + 1 || !frame.items) {
      await this.#catchUp();
      return;
    }
    this.#told.frame(frame.items);
    this.#sequence = frame.sequence;
  }
}

// Shorter when the network comes back.
function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    addEventListener("online", resolve, { once: true });
  });
}
