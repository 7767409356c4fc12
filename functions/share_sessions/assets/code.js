// Blocks of code: highlighted where the language is known, and copied by a button.

import { element, say, scrollable } from "./dom.js";
import { sanitised } from "./sanitised.js";
import highlighter from "./vendor/highlight.min.js";

const MAX_HIGHLIGHTED = 20_000; // characters: to highlight more holds the page up
const LANGUAGE = /^[\w#+.-]{1,30}$/;
const SHOWN_FOR_MS = 2000;

export function codeBlock(text, language) {
  const named = LANGUAGE.test(language) ? language : "";
  const code = element("code", {}, highlighted(text, named));
  const label = named ? `Code, ${named}` : "Code";
  return element(
    "figure",
    { class: "code" },
    element("figcaption", {}, named || "code", copyButton(text)),
    scrollable(label, element("pre", {}, code)),
  );
}

// A fragment, or the text itself where it cannot be highlighted without a change.
function highlighted(text, language) {
  if (text.length > MAX_HIGHLIGHTED || !language || !highlighter.getLanguage(language)) return text;
  try {
    const fragment = sanitised(highlighter.highlight(text, { language, ignoreIllegals: true }).value);
    return fragment.textContent === text ? fragment : text;
  } catch {
    return text;
  }
}

function copyButton(text) {
  const button = element("button", { type: "button", class: "copy", "aria-label": "Copy the code" }, "Copy");
  let timer;
  button.addEventListener("click", async () => {
    const isCopied = await copy(text);
    button.textContent = isCopied ? "Copied" : "Not copied";
    say(isCopied ? "Copied" : "This browser does not allow copying");
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = "Copy";
    }, SHOWN_FOR_MS);
  });
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyFromField(text);
  }
}

// For browsers that have no clipboard to offer, or not to this page.
function copyFromField(text) {
  const before = document.activeElement;
  const field = element("textarea", { class: "unseen", readonly: "", tabindex: "-1", "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  before?.focus();
  return isCopied;
}
