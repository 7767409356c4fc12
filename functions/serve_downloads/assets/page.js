// Makes tabs of sections that are listed one after the other, and gives every box of commands a button that copies
// it. Without this script the page says the same.

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

const SHOWN_FOR_MS = 2000;

function makeCopyable(box) {
  const button = element("button", { type: "button", class: "copy", "aria-label": `Copy ${box.dataset.what}` }, "Copy");
  let timer;
  button.addEventListener("click", async () => {
    const codes = [...box.querySelectorAll("code")];
    const isCopied = await copy(codes.map((code) => code.textContent).join("\n"));
    if (!isCopied) getSelection().selectAllChildren(box.querySelector("pre"));
    button.textContent = isCopied ? "Copied" : "Selected";
    button.classList.toggle("is-done", isCopied);
    said.textContent = "";
    requestAnimationFrame(() => {
      said.textContent = isCopied ? "Copied" : "Selected. Copy it with the keyboard.";
    });
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = "Copy";
      button.classList.remove("is-done");
    }, SHOWN_FOR_MS);
  });
  box.append(button);
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
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    before?.focus();
  }
}

document.querySelectorAll(".tabs").forEach(makeTabs);
document.querySelectorAll(".line").forEach(makeCopyable);
