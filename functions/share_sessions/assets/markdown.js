// Markdown as elements. HTML in it is shown as it was written: in a session about code, that is what was meant.

import { codeBlock } from "./code.js";
import { element, jsonOf, preformatted, scrollable } from "./dom.js";
import { outwardAddress, outwardLink, picture, pictureAddress } from "./dom.js";
import { blockTokens } from "./lexer.js";
import { sanitised } from "./sanitised.js";
import { Marked } from "./vendor/marked.esm.js";

const MAX_CHARACTERS = 100_000; // more is shown as it was written
const MESSAGE_LEVEL = 2; // of the heading above all headings in a text
const LOWEST_LEVEL = 6;
const LANGUAGE_CLASS = "language-";
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const marked = new Marked({
  renderer: {
    html: ({ text }) => text.replace(/[&<>"']/g, (character) => ESCAPES[character]),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    heading({ tokens, depth }) {
      const level = Math.min(depth + MESSAGE_LEVEL, LOWEST_LEVEL);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
  },
});

// A text that may grow: `update` keeps the elements of all blocks before the first that is different.
export class Markdown {
  node = element("div", { class: "text", dir: "auto" });
  #blocks = [];
  #links = "";

  constructor(text) {
    this.update(text);
  }

  update(text) {
    const { blocks, links } = blocksOf(text);
    if (links !== this.#links) this.#cut(0);
    this.#links = links;
    const different = this.#blocks.findIndex(({ raw }, at) => raw !== blocks[at]?.raw);
    this.#cut(different < 0 ? this.#blocks.length : different);
    for (const block of built(blocks.slice(this.#blocks.length))) {
      this.node.append(...block.nodes);
      this.#blocks.push(block);
    }
  }

  #cut(length) {
    for (const { nodes } of this.#blocks.splice(length)) nodes.forEach((node) => node.remove());
  }
}

// [{raw, token}], without tokens where the text is shown as it was written, and the definitions of links, on which
// every block may depend.
function blocksOf(text) {
  try {
    const tokens = text.length > MAX_CHARACTERS ? [] : blockTokens(text, marked.defaults);
    const blocks = tokens.map((token) => ({ raw: token.raw, token }));
    if (blocks.length) return { blocks, links: jsonOf(tokens.links) };
  } catch {
    // nested too deeply for the parser
  }
  return { blocks: text ? [{ raw: text, token: null }] : [], links: "" };
}

// [{raw, nodes}]. All blocks are sanitised at once, each in an element of its own; should that change their number,
// none of them is formatted.
function built(blocks) {
  const asWritten = ({ raw }) => ({ raw, nodes: [preformatted("Text", raw)] });
  try {
    const html = blocks.map(({ token }) => `<section>${marked.parser([token])}</section>`).join("");
    const sections = [...mended(sanitised(html)).children];
    if (sections.length !== blocks.length) return blocks.map(asWritten);
    return blocks.map(({ raw }, at) => ({ raw, nodes: [...sections[at].childNodes] }));
  } catch {
    return blocks.map(asWritten);
  }
}

const MENDING = [
  ["pre", mendedCode],
  ["img", mendedPicture],
  ["a", mendedLink],
  ["table", (table) => scrollable("Table", table.cloneNode(true))],
];

function mended(fragment) {
  for (const [selector, replacement] of MENDING) {
    for (const found of fragment.querySelectorAll(selector)) found.replaceWith(replacement(found));
  }
  return fragment;
}

function mendedCode(pre) {
  const names = [...(pre.querySelector("code")?.classList ?? [])];
  const language = names.find((name) => name.startsWith(LANGUAGE_CLASS)) ?? "";
  return codeBlock(pre.textContent.replace(/\n$/, ""), language.slice(LANGUAGE_CLASS.length));
}

function mendedPicture(found) {
  const description = found.getAttribute("alt") ?? "";
  const own = pictureAddress(found.getAttribute("src"));
  if (own) return picture(own, description);
  const outward = found.closest("a") ? null : outwardAddress(found.getAttribute("src"));
  const label = `Picture: ${description || "no description"}`;
  return outward ? outwardLink(outward, label) : element("span", {}, label);
}

function mendedLink(found) {
  const address = outwardAddress(found.getAttribute("href"));
  return address ? outwardLink(address, ...found.childNodes) : element("span", {}, ...found.childNodes);
}
