// Makes tabs of sections that are listed one after the other, and gives every box of commands a button that copies
// it. Without this script the page says the same.

import { copyButton } from "./clipboard.js";

const said = document.getElementById("said");

function element(name, attributes, text) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

// --- tabs: the pattern of the ARIA Authoring Practices Guide, activated as the focus moves

const KEYS = {
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowLeft: (at, count) => (at + count - 1) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

function makeTabs(group) {
  const panels = [...group.children].filter((child) => child.matches("section"));
  const list = element("div", { role: "tablist", "aria-label": group.dataset.label });
  const tabs = panels.map((panel) => {
    const attributes = { type: "button", role: "tab", id: `tab-${panel.id}`, "aria-controls": panel.id };
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", attributes.id);
    return element("button", attributes, panel.querySelector("h3").textContent);
  });

  const select = (chosen) =>
    tabs.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === chosen));
      tab.tabIndex = at === chosen ? 0 : -1;
      panels[at].hidden = at !== chosen;
    });

  list.addEventListener("click", (event) => {
    const at = tabs.indexOf(event.target);
    if (at >= 0) select(at);
  });
  list.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const at = step(tabs.indexOf(document.activeElement), tabs.length);
    select(at);
    tabs[at].focus();
  });
  list.append(...tabs);
  group.prepend(list);
  group.classList.add("are-tabs");

  const named = () => panels.findIndex((panel) => `#${panel.id}` === location.hash);
  const usual = "detect" in group.dataset ? panels.findIndex((panel) => panel.dataset.key === platform()) : 0;
  select(Math.max(0, named() >= 0 ? named() : usual));
  addEventListener("hashchange", () => {
    if (named() >= 0) select(named());
  });
}

// The key of the section for the machine that shows the page; empty where there is none for it, as on a phone.
function platform() {
  const names = `${navigator.userAgentData?.platform ?? ""} ${navigator.platform} ${navigator.userAgent}`;
  if (/android|iphone|ipad|cros/i.test(names)) return "";
  const known = [
    [/windows|win32/i, "windows"],
    [/mac/i, "macos"],
    [/linux|x11/i, "linux"],
  ];
  return known.find(([pattern]) => pattern.test(names))?.[1] ?? "";
}

// --- copying

function makeCopyable(box) {
  const text = () => [...box.querySelectorAll("code")].map((code) => code.textContent).join("\n");
  const outcome = (isCopied) => {
    if (!isCopied) getSelection().selectAllChildren(box.querySelector("pre"));
    say(isCopied ? "Copied" : "Selected. Copy it with the keyboard.");
    return isCopied ? "Copied" : "Selected";
  };
  box.append(copyButton(`Copy ${box.dataset.what}`, text, outcome));
}

// To people who do not see the page. Emptied first, since the same words twice are no change.
function say(text) {
  said.textContent = "";
  requestAnimationFrame(() => {
    said.textContent = text;
  });
}

document.querySelectorAll(".tabs").forEach(makeTabs);
document.querySelectorAll(".line").forEach(makeCopyable);
