// Files that belong to a message: pictures are shown, everything else is a name and, where its content is here, a
// download that no browser opens by itself.

import { element, outwardAddress, outwardLink, picture, pictureAddress, textOf } from "./dom.js";

const DATA = /^data:[^,]*?(?<base64>;base64)?,(?<content>[^]*)$/i;
const PICTURE_TYPES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const SAFE_TYPE = "application/octet-stream";
const UNSAFE_IN_NAMES = /[\p{Cc}\p{Cf}/\\:*?"<>|]+/gu;
const KEPT_MS = 60_000;

export function fileView(part) {
  const name = textOf(part.filename) || "file";
  const address = PICTURE_TYPES.has(part.mime) ? pictureAddress(part.url) : null;
  if (address) {
    return element("figure", { class: "picture" }, picture(address, name), element("figcaption", {}, name));
  }
  const kind = element("span", { class: "kind" }, textOf(part.mime));
  return element("p", { class: "file" }, element("b", { dir: "auto" }, name), kind, way(part, name));
}

// To the content: a button, a link, or null where it is only known to the machine on which the session ran.
function way(part, name) {
  const url = textOf(part.url);
  if (DATA.test(url)) {
    const button = element("button", { type: "button", "aria-label": `Download ${name}` }, "Download");
    button.addEventListener("click", () => download(url, name));
    return button;
  }
  const outward = outwardAddress(url);
  return outward ? outwardLink(outward, "Open") : null;
}

// Its own type is not passed on, so that the file is saved whatever it says that it is.
function download(url, name) {
  const address = URL.createObjectURL(new Blob([bytesOf(url)], { type: SAFE_TYPE }));
  const safeName = name.replace(UNSAFE_IN_NAMES, "_");
  element("a", { href: address, download: safeName }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

function bytesOf(url) {
  const { base64, content } = DATA.exec(url).groups;
  try {
    const text = decodeURIComponent(content);
    return base64 ? Uint8Array.from(atob(text), (character) => character.charCodeAt(0)) : text;
  } catch {
    return content; // neither Base64 nor percent-encoded: as it came
  }
}
