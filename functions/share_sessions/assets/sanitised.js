// The one way from a string of HTML to elements: DOMPurify, which gives a fragment and not a string again. What it lets
// through is what markdown and highlighting make; classes are for the latter.

import "./vendor/purify.min.js";

const TAGS = `a blockquote br code del em h1 h2 h3 h4 h5 h6 hr img li ol p pre section span strong table tbody td th
  thead tr ul`.split(/\s+/);
const ATTRIBUTES = ["align", "alt", "class", "href", "src", "start"];

const purifier = globalThis.DOMPurify;
if (purifier.isSupported) {
  purifier.setConfig({
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

// In a browser that the library does not support, what would have been formatted is shown as it was written.
export function sanitised(html) {
  if (!purifier.isSupported) throw new Error("This browser cannot show formatted text safely");
  return purifier.sanitize(html);
}
