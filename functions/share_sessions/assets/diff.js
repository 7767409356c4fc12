// Changes of files: patches in the unified format, line by line, and the list of files that a session has changed.

import { element, folded, listOf, objectOf, scrollable, textOf, unseen } from "./dom.js";
import { countOf, plural, whole } from "./figures.js";

const MAX_LINES = 2000; // at first
const HEADERS = /^(?:diff |index |Index:|={5,}|---|\+\+\+|new file|deleted file|similarity|rename )/;
const KINDS = new Map([
  ["+", { name: "ins", label: "Added: " }],
  ["-", { name: "del", label: "Removed: " }],
  ["@", { name: "b", label: "" }],
]);

// A patch under the name of its file.
export function diffView(file, patch) {
  const lines = contentLines(patch);
  const counted = (sign) => lines.filter((line) => line.startsWith(sign)).length;
  const caption = element("figcaption", {}, element("code", {}, file), changeCounts(counted("+"), counted("-")));
  return element("figure", { class: "diff" }, caption, ...rows(file, lines));
}

function rows(file, lines) {
  const body = element("div", { class: "rows" });
  const rest = showFrom(body, lines, 0);
  return [scrollable(`Changes of ${file}`, body), ...(rest ? [rest] : [])];
}

// Without the headers of files, which are above: from the first `@@` on, everything is content.
function contentLines(patch) {
  let isContent = false;
  const lines = patch.replace(/\n$/, "").split("\n");
  return lines.filter((line) => {
    if (line.startsWith("@@")) isContent = true;
    else if (/^(?:diff --git |Index: )/.test(line)) isContent = false;
    return isContent || !HEADERS.test(line);
  });
}

// The button that shows more, or null.
function showFrom(body, lines, start) {
  body.append(...lines.slice(start, start + MAX_LINES).map(row));
  const left = lines.length - start - MAX_LINES;
  if (left <= 0) return null;
  const label = `Show ${plural(left, "more line", "more lines")}`;
  const button = element("button", { type: "button", class: "more" }, label);
  button.addEventListener("click", () => {
    const next = showFrom(body, lines, start + MAX_LINES);
    if (next) button.replaceWith(next);
    else button.remove();
  });
  return button;
}

function row(line) {
  const { name, label } = KINDS.get(line[0]) ?? { name: "span", label: "" };
  return element(name, { class: "row" }, label ? unseen(label) : null, line || " ");
}

export function changeCounts(added, removed) {
  const spoken = `${plural(countOf(added), "line", "lines")} added, ${whole(removed)} removed`;
  return element(
    "span",
    { class: "counts" },
    element("ins", { "aria-hidden": "true" }, `+${whole(added)}`),
    element("del", { "aria-hidden": "true" }, `−${whole(removed)}`),
    unseen(spoken),
  );
}

// Of `session_diff`: a list of {file or path, additions, deletions, status, patch}.
export function changedFiles(diffs) {
  const files = listOf(diffs).map(objectOf);
  const label = ["Changed files ", element("span", { class: "count" }, whole(files.length))];
  const list = () => [element("ul", { class: "files" }, ...files.map((file) => element("li", {}, changedFile(file))))];
  return files.length ? folded(label, list, { class: "changed" }) : null;
}

function changedFile(file) {
  const name = textOf(file.file) || textOf(file.path) || "a file";
  const label = [element("code", {}, name), changeCounts(file.additions, file.deletions)];
  if (textOf(file.status)) label.push(element("span", { class: "state" }, file.status));
  const patch = textOf(file.patch) || textOf(file.diff);
  return patch ? folded(label, () => rows(name, contentLines(patch))) : element("p", {}, ...label);
}
