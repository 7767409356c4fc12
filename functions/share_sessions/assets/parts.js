// The parts of a message, each by its type. A view is {node, update}: `update(data)` gives true where the node shows
// the new data now, and false where a new view is needed.

import { element, folded, jsonOf, listOf, objectOf, preformatted, textOf } from "./dom.js";
import { duration } from "./figures.js";
import { fileView } from "./files.js";
import { Markdown } from "./markdown.js";
import { toolView } from "./tools.js";

const fixed = (node) => ({ node, update: () => false });

const VIEWS = new Map([
  ["text", text],
  ["reasoning", (part) => fixed(reasoning(part))],
  ["tool", (part) => fixed(toolView(part))],
  ["file", (part) => fixed(fileView(part))],
  ["patch", (part) => fixed(changed(part))],
  ["agent", (part) => fixed(element("p", { class: "note" }, `Agent: ${textOf(part.name)}`))],
  ["subtask", (part) => fixed(subtask(part))],
  ["retry", (part) => fixed(retry(part))],
  ["compaction", () => fixed(element("p", { class: "note" }, "Everything above was summarised for the model here"))],
  ["step-start", () => fixed(null)],
  ["step-finish", () => fixed(null)],
  ["snapshot", () => fixed(null)],
]);
// The last three mark states of the working folder, and figures that the message tells as a whole.

export function partView(data) {
  const part = objectOf(data);
  try {
    return (VIEWS.get(part.type) ?? unknown)(part);
  } catch {
    return unknown(part);
  }
}

function unknown(part) {
  return fixed(jsonView(`Part of type ${textOf(part.type) || "unknown"}`, part));
}

export function jsonView(label, value) {
  return folded([label], () => [preformatted(label, jsonOf(value))], { class: "unknown" });
}

function text(part) {
  if (part.synthetic === true || part.ignored === true) {
    const label = part.synthetic === true ? "Added by OpenCode" : "Not sent to the model";
    return fixed(folded([label], () => [preformatted(label, textOf(part.text))], { class: "aside" }));
  }
  const shown = new Markdown(textOf(part.text));
  const update = (next) => {
    if (next.type !== "text" || next.synthetic === true || next.ignored === true) return false;
    shown.update(textOf(next.text));
    return true;
  };
  return { node: shown.node, update };
}

function reasoning(part) {
  const label = ["Reasoning ", element("span", { class: "state" }, duration(objectOf(part.time)))];
  return folded(label, () => [new Markdown(textOf(part.text)).node], { class: "reasoning" });
}

function changed(part) {
  const files = listOf(part.files).map(textOf).filter(Boolean);
  const names = files.map((name) => element("li", {}, element("code", {}, name)));
  return element("div", { class: "note" }, "Changed files", element("ul", { class: "names" }, ...names));
}

function subtask(part) {
  const what = textOf(part.description) || textOf(part.command);
  const label = ["Task ", element("span", { class: "hint", dir: "auto" }, what)];
  const about = [part.agent, objectOf(part.model).modelID, part.command].map(textOf).filter(Boolean).join(", ");
  const build = () => [element("p", { class: "note" }, about), new Markdown(textOf(part.prompt)).node];
  return folded(label, build, { class: "tool" });
}

function retry(part) {
  const attempt = Number.isInteger(part.attempt) ? `Attempt ${part.attempt}` : "Attempt";
  return element("p", { class: "note" }, `${attempt} after: ${errorText(part.error) || "an error"}`);
}

// Of {name, data: {message}}.
export function errorText(error) {
  const { name, data } = objectOf(error);
  return textOf(objectOf(data).message) || textOf(name);
}
