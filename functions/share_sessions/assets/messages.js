// The list of messages, in blocks that the browser lays out and paints only near the window. Messages have their place
// at once; they are filled when their block comes near, and the others while there is nothing else to do, so that the
// browser's own search and the printer find them all.

import { element } from "./dom.js";
import { partsOf } from "./items.js";
import { Message } from "./message.js";

const BLOCK_MESSAGES = 50; // each block costs every frame some microseconds, each message of a block its layout
const SLICE_MS = 8; // of work at a time: half a frame
const WAIT_MS = 40; // between slices where the browser does not tell when it is idle
const SETTLING_FRAMES = 10;
const NEAR_END_PX = 160;

const whenIdle =
  globalThis.requestIdleCallback ??
  ((work) => {
    const end = performance.now() + WAIT_MS + SLICE_MS;
    return setTimeout(() => work({ timeRemaining: () => end - performance.now() }), WAIT_MS);
  });

export class Messages {
  #region;
  #items;
  #named;
  #views = new Map();
  #order = [];
  #empty = new Set();
  #urgent = new Set();
  #isWorking = false;

  // `named` gives the name of a model of {providerID, modelID}.
  constructor(region, items, named) {
    [this.#region, this.#items, this.#named] = [region, items, named];
    region.addEventListener("contentvisibilityautostatechange", ({ target, skipped }) => {
      const views = skipped ? [] : [...target.children].map((node) => this.#views.get(node));
      for (const view of views.filter((each) => each && !each.isFilled)) this.#urgent.add(view);
      this.#hurry();
    });
    addEventListener("beforeprint", () => this.fillAll());
  }

  get ids() {
    return this.#order;
  }

  // Of messages that are new or different.
  update(ids) {
    const isAdded = [...ids].filter((id) => !this.#views.has(id)).length > 0;
    if (isAdded) this.#place();
    for (const id of ids) {
      const view = this.#views.get(id);
      if (view.isFilled) this.#fill(view);
    }
    this.#work();
  }

  // New ones go into the block of the message before them.
  #place() {
    this.#order = this.#items.messageIds();
    let before = null;
    for (const id of this.#order) {
      let view = this.#views.get(id);
      if (!view) {
        view = new Message(id);
        this.#views.set(id, view).set(view.node, view);
        this.#empty.add(view);
        this.#insert(view.node, before);
      }
      before = view.node;
    }
  }

  #insert(node, before) {
    const block = before?.parentElement ?? this.#region.firstElementChild;
    const isFull = !block || (block.lastElementChild === before && block.childElementCount >= BLOCK_MESSAGES);
    if (!isFull) {
      if (before) before.after(node);
      else block.prepend(node);
    }
    const home = isFull ? element("div", { class: "block" }, node) : block;
    if (isFull && block) block.after(home);
    else if (isFull) this.#region.append(home);
    home.style.setProperty("--messages", home.childElementCount);
  }

  #fill(view) {
    this.#empty.delete(view);
    this.#urgent.delete(view);
    view.show(this.#items.message(view.id), this.#named);
  }

  // A slice in every frame, as long as something near the window is empty.
  #hurry() {
    if (this.#urgent.size === 0) return;
    this.#fillSome(this.#urgent, performance.now() + SLICE_MS);
    requestAnimationFrame(() => this.#hurry());
  }

  #work() {
    if (this.#isWorking || this.#empty.size === 0) return;
    this.#isWorking = true;
    whenIdle((deadline) => {
      this.#isWorking = false;
      this.#fillSome(this.#empty, performance.now() + Math.min(SLICE_MS, deadline.timeRemaining()));
      this.#work();
    });
  }

  #fillSome(views, end) {
    for (const view of views) {
      this.#fill(view);
      if (performance.now() >= end) break;
    }
  }

  fillAll() {
    for (const view of [...this.#empty]) this.#fill(view);
  }

  clear() {
    for (const known of [this.#views, this.#empty, this.#urgent]) known.clear();
    this.#order = [];
    this.#region.replaceChildren();
  }

  // The element of the message or of its part, filled; null for none. The names of models may be newer than it.
  reveal(id, key) {
    const view = this.#views.get(id);
    if (!view) return null;
    this.#fill(view);
    return (key && view.partNode(key)) || view.node;
  }

  focus(id) {
    const node = this.reveal(id);
    if (!node) return;
    node.focus({ preventScroll: true });
    settle(() => node.scrollIntoView({ block: "start", behavior: "instant" }));
  }

  // The message that has the keyboard, or the first of which something is below the bar.
  current(bar) {
    const focused = document.activeElement.closest("article");
    const { bottom } = bar.getBoundingClientRect();
    const isBelow = (node) => node.getBoundingClientRect().bottom > bottom;
    const block = focused ? null : [...this.#region.children].find(isBelow);
    return this.#views.get(focused ?? [...(block?.children ?? [])].find(isBelow))?.id;
  }

  // [message id, entry of a part], in order.
  *parts() {
    for (const id of this.#order) {
      for (const entry of partsOf(this.#items.message(id))) yield [id, entry];
    }
  }
}

// Heights are estimates until what is scrolled to has been laid out, so that it takes some frames to get there.
export function settle(scroll) {
  let last = null;
  const step = (left) => {
    scroll();
    if (left > 0 && last !== scrollY) requestAnimationFrame(() => step(left - 1));
    last = scrollY;
  };
  step(SETTLING_FRAMES);
}

export function isAtEnd() {
  const { scrollHeight } = document.documentElement;
  return innerHeight + scrollY >= scrollHeight - NEAR_END_PX;
}

export function scrollToEnd() {
  settle(() => scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" }));
}
