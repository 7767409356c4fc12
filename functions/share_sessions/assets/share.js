// The page of a shared session: what it knows, how it is shown, and how it stays what the session is.

import { objectOf, say, textOf } from "./dom.js";
import { Feed, Refused } from "./feed.js";
import { plural } from "./figures.js";
import { Items, messageIdOf } from "./items.js";
import { listenToKeys } from "./keyboard.js";
import { anchorOf } from "./message.js";
import { isAtEnd, Messages, scrollToEnd } from "./messages.js";
import { Search } from "./search.js";
import { modelKey, modelNames, Summary } from "./summary.js";

const SAYING_MS = 1000; // new messages are counted for so long before they are told
const TRYING = "This page tries again by itself.";
const OWN_FAULT = { status: null, message: "This page has failed. Loading it again may help.", isFinal: true };
const LINKS = { live: "Live", away: "Not live" };

const id = location.pathname.split("/")[2] ?? "";
const main = document.getElementById("content");
const mark = document.getElementById("mark");
const latest = document.getElementById("latest");
const region = document.getElementById("messages");

const items = new Items();
const names = new Map();
const named = ({ providerID, modelID }) => names.get(modelKey(providerID, modelID)) || textOf(modelID);
const messages = new Messages(region, items, named);
const summary = new Summary();

let isLoaded = false;
let newCount = 0;
let sayingTimer = null;

function take(entries) {
  const known = new Set(messages.ids);
  const wasAtEnd = isAtEnd();
  const changed = items.add(entries);
  for (const [key, name] of modelNames(items.data("model"))) names.set(key, name);
  const ids = new Set(changed.map(messageIdOf).filter((each) => each !== null));
  messages.update(ids);
  if (isLoaded && changed.length) tellOf([...ids].filter((each) => !known.has(each)).length, wasAtEnd);
}

// Who reads the end goes on reading the end; everyone else is told that there is more.
function tellOf(count, wasAtEnd) {
  if (wasAtEnd) scrollToEnd();
  if (count === 0) return;
  newCount += count;
  showLatest();
  sayingTimer ??= setTimeout(() => {
    say(plural(newCount, "new message", "new messages"));
    sayingTimer = null;
    newCount = isAtEnd() ? 0 : newCount;
  }, SAYING_MS);
}

function showLatest() {
  if (isAtEnd() && sayingTimer === null) newCount = 0;
  latest.hidden = isAtEnd() || messages.ids.length === 0;
  const label = newCount ? `Jump to latest, ${newCount} new` : "Jump to latest";
  if (latest.textContent !== label) latest.textContent = label;
}

function showAnchored() {
  const isNamed = (each) => `#${encodeURIComponent(anchorOf(each))}` === location.hash;
  const anchored = messages.ids.find((each) => location.hash && isNamed(each));
  if (anchored !== undefined) messages.focus(anchored);
}

function begin() {
  isLoaded = true;
  region.hidden = false;
  main.setAttribute("aria-busy", "false");
  listenToKeys(messages, new Search(messages));
  showAnchored();
}

// The keys of a state that replaces everything, as its pages come; null while there is none.
let whole = null;

function keepWhole(page, isLast) {
  if (page.is_whole) whole = new Set();
  for (const { key } of whole ? page.items : []) whole.add(key);
  if (!isLast || !whole) return;
  if (items.keep(whole)) {
    messages.clear();
    messages.update(items.messageIds());
  }
  whole = null;
}

const told = {
  page(page, isLast) {
    summary.share = objectOf(page.share);
    take(page.items);
    keepWhole(page, isLast);
    summary.update(items, named);
    if (isLast && !isLoaded) begin();
    showLatest();
  },
  frame(entries) {
    take(entries);
    summary.update(items, named);
    showLatest();
  },
  link(state) {
    mark.hidden = !isLoaded;
    mark.textContent = LINKS[state];
    mark.classList.toggle("is-live", state === "live");
  },
  wait(refused) {
    if (!isLoaded) showProblem(refused, "");
  },
  end(problem) {
    items.clear();
    messages.clear();
    for (const node of [region, mark, latest, document.getElementById("search")]) node.hidden = true;
    const isRefused = problem instanceof Refused;
    if (!isRefused) console.error(problem);
    showProblem(isRefused ? problem : OWN_FAULT, problem.status === 401 ? `/sign-in/${id}${location.hash}` : "");
  },
};

function showProblem({ status, message, isFinal }, signInPath) {
  const before = document.title;
  main.setAttribute("aria-busy", "false");
  summary.showProblem(status, isFinal ? message : `${message} ${TRYING}`, signInPath);
  if (document.title !== before) say(document.title);
}

addEventListener("scroll", showLatest, { passive: true });
addEventListener("hashchange", showAnchored);
latest.addEventListener("click", () => {
  newCount = 0;
  scrollToEnd();
});
await new Feed(`/share/${encodeURIComponent(id)}`, told).follow();
