// Blocks of code: highlighted where the language is known, and copied by a button.

import { copyButton } from "./clipboard.js";
import { element, say, scrollable } from "./dom.js";
import { sanitised } from "./sanitised.js";
import highlighter from "./vendor/highlight.min.js";

const MAX_HIGHLIGHTED = 20_000; // characters: to highlight more holds the page up
const LANGUAGE = /^[\w#+.-]{1,30}$/;

export function codeBlock(text, language) {
  const named = LANGUAGE.test(language) ? language : "";
  const code = element("code", {}, highlighted(text, named));
  const label = named ? `Code, ${named}` : "Code";
  return element(
    "figure",
    { class: "code" },
    element("figcaption", {}, named || "code", copyButton("Copy the code", () => text, told)),
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

function told(isCopied) {
  say(isCopied ? "Copied" : "This browser does not allow copying");
  return isCopied ? "Copied" : "Not copied";
}
