// Calls of tools: folded, with what went in, what came out, and the files that changed.

import { codeBlock } from "./code.js";
import { diffView } from "./diff.js";
import { element, folded, jsonOf, listOf, objectOf, preformatted, textOf } from "./dom.js";
import { duration } from "./figures.js";
import { fileView } from "./files.js";

const STATES = new Map([
  ["pending", "waiting"],
  ["running", "running"],
  ["completed", "done"],
  ["error", "failed"],
]);
const TELLING = ["description", "filePath", "path", "command", "pattern", "query", "url"]; // names of inputs
const MAX_HINT = 120;

export function toolView(part) {
  const state = objectOf(part.state);
  const status = STATES.has(state.status) ? state.status : "";
  const told = `${STATES.get(status) ?? textOf(state.status)} ${duration(objectOf(state.time))}`;
  const label = [
    element("b", {}, textOf(part.tool) || "tool"),
    element("span", { class: "hint", dir: "auto" }, hint(state)),
    element("span", { class: "state" }, told),
  ];
  return folded(label, () => inside(part, state), { class: `tool ${status}` });
}

function hint(state) {
  const input = objectOf(state.input);
  const telling = TELLING.map((name) => textOf(input[name])).find(Boolean);
  return (textOf(state.title) || telling || "").slice(0, MAX_HINT);
}

function inside(part, state) {
  const metadata = objectOf(state.metadata);
  const isCommand = part.tool === "bash" && textOf(objectOf(state.input).command);
  const output = textOf(state.output) || textOf(metadata.output);
  return [
    heading("Input"),
    isCommand ? codeBlock(state.input.command, "bash") : codeBlock(inputText(state), "json"),
    ...diffs(state, metadata),
    ...(output ? [heading("Output"), preformatted("Output", output)] : []),
    ...(textOf(state.error) ? [heading("Error"), preformatted("Error", state.error)] : []),
    ...listOf(state.attachments).map((attachment) => fileView(objectOf(attachment))),
  ];
}

const heading = (text) => element("h3", {}, text);

// While the model still writes a call, its input is there in the raw alone.
function inputText(state) {
  const isEmpty = Object.keys(objectOf(state.input)).length === 0;
  return isEmpty && textOf(state.raw) ? state.raw : jsonOf(state.input);
}

// `edit` tells one change in `metadata.diff`, `apply_patch` one for each of `metadata.files`.
function diffs(state, metadata) {
  const files = listOf(metadata.files).map(objectOf);
  const input = objectOf(state.input);
  const own = { name: textOf(metadata.filepath) || textOf(input.filePath) || "a file", patch: textOf(metadata.diff) };
  const each = files.map((file) => ({
    name: textOf(file.relativePath) || textOf(file.filePath) || "a file",
    patch: textOf(file.diff) || textOf(file.patch),
  }));
  const shown = each.some(({ patch }) => patch) ? each : [own];
  return shown.filter(({ patch }) => patch).map(({ name, patch }) => diffView(name, patch));
}
