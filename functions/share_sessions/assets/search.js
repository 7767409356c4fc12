// Search over all messages: in what is known of them, whether it is on the page yet or not. What is found is opened,
// and marked without a change of its elements.

import { jsonOf, listOf, objectOf, textOf, unfold } from "./dom.js";
import { whole } from "./figures.js";
import { settle } from "./messages.js";

const WAIT_MS = 120; // after a key, before the search
const HIGHLIGHT = "found";

const WORDS = new Map([
  ["text", ({ text }) => [text]],
  ["reasoning", ({ text }) => [text]],
  ["tool", toolWords],
  ["file", ({ filename }) => [filename]],
  ["step-start", () => []],
  ["step-finish", () => []],
  ["snapshot", () => []],
]);

function toolWords({ tool, state }) {
  const { title, input, raw, output, error, metadata } = objectOf(state);
  const { diff, files } = objectOf(metadata);
  const diffs = listOf(files).map((file) => objectOf(file).diff);
  const given = [jsonOf(input), ...Object.values(objectOf(input))]; // shown as JSON or, a command, as it is
  return [tool, title, ...given, raw, output, error, diff, objectOf(metadata).output, ...diffs];
}

// In lower case, every character where it was: those whose lower case is longer stay as they are.
function lowered(text) {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : [...text].map(loweredInPlace).join("");
}

function loweredInPlace(character) {
  const lower = character.toLowerCase();
  return lower.length === character.length ? lower : character;
}

// By entry: an entry that changes is another one.
const wordsKnown = new WeakMap();

function wordsOf(entry) {
  if (!wordsKnown.has(entry)) {
    const part = objectOf(entry.item.data);
    const words = (WORDS.get(part.type) ?? ((unknown) => [jsonOf(unknown)]))(part);
    wordsKnown.set(entry, lowered(words.map(textOf).join("\n")));
  }
  return wordsKnown.get(entry);
}

export class Search {
  #messages;
  #form = document.getElementById("search");
  #field = document.getElementById("query");
  #told = document.getElementById("hits");
  #found = [];
  #at = -1;
  #timer;

  constructor(messages) {
    this.#messages = messages;
    this.#form.hidden = false;
    this.#field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), WAIT_MS);
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.shiftKey) this.#step(event, -1);
    });
    this.#form.addEventListener("submit", (event) => this.#step(event, 1));
    document.getElementById("previous").addEventListener("click", (event) => this.#step(event, -1));
  }

  open() {
    this.#field.focus();
    this.#field.select();
  }

  // Forgets what was searched for, and gives the message that was found last.
  close() {
    const last = this.#found[this.#at]?.id;
    this.#field.value = "";
    this.#search();
    return last;
  }

  get #query() {
    return lowered(this.#field.value.trim());
  }

  #search() {
    clearTimeout(this.#timer);
    const query = this.#query;
    this.#at = -1;
    this.#found = [];
    CSS.highlights?.delete(HIGHLIGHT);
    for (const [id, entry] of query ? this.#messages.parts() : []) {
      if (wordsOf(entry).includes(query)) this.#found.push({ id, key: entry.key });
    }
    this.#searched = query;
    this.#tell();
  }

  #searched = "";

  #step(event, by) {
    event.preventDefault();
    if (this.#query !== this.#searched) this.#search();
    const count = this.#found.length;
    if (count === 0) return;
    this.#at = this.#at < 0 && by < 0 ? count - 1 : (this.#at + by + count) % count;
    this.#show(this.#found[this.#at]);
    this.#tell();
  }

  #show({ id, key }) {
    const node = this.#messages.reveal(id, key);
    if (!node) return;
    const folded = node.matches("details") ? node : node.querySelector("details");
    if (folded) unfold(folded);
    const ranges = rangesOf(node, this.#query);
    if (globalThis.Highlight) CSS.highlights.set(HIGHLIGHT, new Highlight(...ranges));
    const target = ranges[0]?.startContainer.parentElement ?? node;
    settle(() => target.scrollIntoView({ block: "center", behavior: "instant" }));
  }

  #tell() {
    const count = this.#found.length;
    const place = this.#at < 0 ? whole(count) : `${whole(this.#at + 1)} of ${whole(count)}`;
    this.#told.textContent = this.#searched ? (count ? place : "none") : "";
  }
}

// A match may begin in one element and end in another: code that is highlighted has many.
function rangesOf(node, query) {
  const [texts, inside] = textsOf(node);
  const ranges = [];
  let at = 0;
  const place = (character, offset) => {
    while (at + 1 < texts.length && texts[at + 1].start <= character) at += 1;
    return [texts[at].text, offset - texts[at].start];
  };
  for (let start = inside.indexOf(query); start >= 0; start = inside.indexOf(query, start + query.length)) {
    const range = new Range();
    const end = start + query.length;
    range.setStart(...place(start, start));
    range.setEnd(...place(end - 1, end));
    ranges.push(range);
  }
  return ranges;
}

// [[{text, start}], everything in lower case], of which each text begins at its `start`.
function textsOf(node) {
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const texts = [];
  let joined = "";
  while (walker.nextNode()) {
    texts.push({ text: walker.currentNode, start: joined.length });
    joined += walker.currentNode.data;
  }
  return [texts, lowered(joined)];
}
