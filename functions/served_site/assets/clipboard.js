// Copying of text, and a button that does it.

const SHOWN_FOR_MS = 2000;

// A button named `label` that copies what `text` gives. `outcome` tells whoever does not see the page whether that went
// well, and gives the word that the button shows for a while.
export function copyButton(label, text, outcome) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.setAttribute("aria-label", label);
  button.textContent = "Copy";
  let timer;
  button.addEventListener("click", async () => {
    const isCopied = await copy(text());
    button.textContent = outcome(isCopied);
    button.classList.toggle("is-done", isCopied);
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = "Copy";
      button.classList.remove("is-done");
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
  const field = document.createElement("textarea");
  field.className = "unseen";
  field.readOnly = true;
  field.tabIndex = -1;
  field.setAttribute("aria-hidden", "true");
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
