// Building of elements: text is only ever text here, and no string becomes HTML. What content brings along of other
// types than expected counts as absent.

const LINK_SCHEMES = new Set(["http:", "https:", "mailto:"]);
const IMAGE_DATA = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=\s]*$/i;

// `name` and the attributes' names are always written in the code; values and children may come from anywhere.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

export const unseen = (text) => element("span", { class: "unseen" }, text);

export const textOf = (value) => (typeof value === "string" ? value : "");
export const objectOf = (value) => (typeof value === "object" && value !== null && !Array.isArray(value) ? value : {});
export const listOf = (value) => (Array.isArray(value) ? value : []);

export function jsonOf(value) {
  return JSON.stringify(value, null, 2) ?? "";
}

// The address of a link out of a session, or null. Relative ones lead nowhere: the session was not written here.
export function outwardAddress(value) {
  const url = URL.canParse(textOf(value)) ? new URL(value) : null;
  return url && LINK_SCHEMES.has(url.protocol) ? url.href : null;
}

// The address of a picture that may be shown, or null. Only its own data: this host has no pictures, and what is on
// others would tell them who reads here.
export function pictureAddress(value) {
  return IMAGE_DATA.test(textOf(value)) ? value : null;
}

export function outwardLink(address, ...children) {
  const attributes = { href: address, rel: "noopener noreferrer nofollow", target: "_blank" };
  return element("a", attributes, ...children);
}

export function picture(address, description) {
  const attributes = { src: address, alt: description, loading: "lazy", decoding: "async" };
  return element("img", { ...attributes, referrerpolicy: "no-referrer" });
}

// Built when it is opened for the first time: most are not.
export function folded(label, build, attributes = {}) {
  const made = element("details", attributes, element("summary", {}, ...label));
  const fill = () => {
    if (made.childElementCount === 1) made.append(element("div", { class: "inside" }, ...build()));
  };
  made.addEventListener("toggle", fill, { once: true });
  unfolding.set(made, fill);
  return made;
}

const unfolding = new WeakMap();

export function unfold(details) {
  unfolding.get(details)?.();
  details.open = true;
}

// A long text has its own scroll bar, which the keyboard reaches.
export function scrollable(label, ...children) {
  return element("div", { class: "scrolls", tabindex: "0", role: "group", "aria-label": label }, ...children);
}

export function preformatted(label, text) {
  const made = scrollable(label, element("pre", {}, element("code", {}, text)));
  made.classList.add("plain");
  return made;
}

const said = document.getElementById("said");

// To people who do not see the page. Emptied first, since the same words twice are no change.
export function say(text) {
  said.textContent = "";
  requestAnimationFrame(() => {
    said.textContent = text;
  });
}
