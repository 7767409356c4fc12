// One message: empty at first, filled when it comes near to being seen, and then changed part by part.

import { partsOf } from "./items.js";
import { element, objectOf, textOf, unfold } from "./dom.js";
import { dollars, duration, moment, shownMoment, tokenCounts, tokenFigures } from "./figures.js";
import { errorText, partView } from "./parts.js";

const ROLES = new Map([
  ["user", "User"],
  ["assistant", "Assistant"],
]);
const ANCHOR = "message-";
const USUAL_ENDS = new Set(["", "stop", "tool-calls"]);

export const anchorOf = (id) => ANCHOR + id;

export class Message {
  isFilled = false;
  #parts = new Map();
  #head = element("header");
  #body = element("div", { class: "parts" });
  #foot = element("footer");

  constructor(id) {
    this.id = id;
    this.node = element("article", { class: "message-of", tabindex: "-1", id: anchorOf(id) });
  }

  // `named` gives the name of a model of {providerID, modelID}.
  show(message, named) {
    if (!this.isFilled) this.node.append(this.#head, this.#body, this.#foot);
    this.isFilled = true;
    const data = objectOf(message.entry?.item.data);
    this.node.classList.toggle("from-user", data.role === "user");
    this.node.setAttribute("aria-label", name(data));
    this.#head.replaceChildren(...heading(this.id, data, named));
    this.#foot.replaceChildren(...figures(data));
    this.#showParts(partsOf(message));
  }

  // Nothing is touched of parts whose entries are the same.
  #showParts(entries) {
    let before = null;
    for (const entry of entries) {
      const known = this.#parts.get(entry.key);
      const view = known?.entry === entry ? known : this.#partShown(entry, known);
      if (!view.node) continue;
      const place = before ? before.nextSibling : this.#body.firstChild;
      if (place !== view.node) this.#body.insertBefore(view.node, place);
      before = view.node;
    }
  }

  #partShown(entry, known) {
    if (known?.update(objectOf(entry.item.data))) {
      known.entry = entry;
      return known;
    }
    const view = { entry, ...partView(entry.item.data) };
    this.#parts.set(entry.key, view);
    if (known?.node && view.node) takeOver(known.node, view.node);
    else known?.node?.remove();
    return view;
  }

  partNode(key) {
    return this.#parts.get(key)?.node ?? null;
  }
}

// What was open stays open, and the keyboard stays where it was.
function takeOver(old, fresh) {
  const everyDetails = (node) => [node, ...node.querySelectorAll("details")].filter((each) => each.matches("details"));
  const wasFocused = old.contains(document.activeElement);
  everyDetails(old).forEach((details, at) => {
    const same = everyDetails(fresh)[at];
    if (details.open && same) unfold(same);
  });
  old.replaceWith(fresh);
  if (wasFocused) (fresh.querySelector("summary") ?? fresh.closest("article")).focus({ preventScroll: true });
}

const roleOf = ({ role }) => ROLES.get(role) ?? "Message";
const createdOf = ({ time }) => moment(objectOf(time).created);

function name(data) {
  const created = createdOf(data);
  return created ? `${roleOf(data)}, ${shownMoment(created)}` : roleOf(data);
}

function heading(id, data, named) {
  const created = createdOf(data);
  const model = data.role === "assistant" ? named(data) : "";
  const about = [model, textOf(data.agent) || textOf(data.mode)].filter(Boolean);
  const address = `#${encodeURIComponent(anchorOf(id))}`;
  const anchor = { class: "anchor", href: address, "aria-label": "Link to this message" };
  return [
    element("h2", {}, roleOf(data)),
    element("p", { class: "facts" }, ...about.map((text) => element("span", {}, text))),
    created ? element("time", { datetime: created.toISOString() }, shownMoment(created)) : "",
    element("a", anchor, "#"),
  ].filter(Boolean);
}

function figures(data) {
  const { created, completed } = objectOf(data.time);
  const cost = Number.isFinite(data.cost) && data.cost > 0 ? dollars(data.cost) : "";
  const took = duration({ start: created, end: completed });
  const shown = [...tokenFigures(tokenCounts(data.tokens)), cost, took].filter(Boolean);
  const isOdd = !USUAL_ENDS.has(textOf(data.finish));
  const problem = errorText(data.error) || (isOdd ? `The model stopped: ${data.finish}` : "");
  return [
    problem ? element("p", { class: "problem" }, problem) : "",
    shown.length ? element("p", { class: "facts" }, ...shown.map((text) => element("span", {}, text))) : "",
  ].filter(Boolean);
}
