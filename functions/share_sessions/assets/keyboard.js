// j and k walk from message to message, / searches, Esc goes back. Nothing is taken from fields that are written in.

export function listenToKeys(messages, search) {
  const bar = document.querySelector(".bar");

  const step = (by) => {
    const { ids } = messages;
    const current = ids.indexOf(messages.current(bar));
    const isOn = document.activeElement.closest("article") !== null;
    const next = isOn || by < 0 ? current + by : current;
    messages.focus(ids[Math.max(0, Math.min(next, ids.length - 1))]);
  };

  const back = () => {
    const found = search.close();
    if (found) messages.focus(found);
    else document.getElementById("content").focus({ preventScroll: true });
  };

  const actions = new Map([
    ["j", () => step(1)],
    ["k", () => step(-1)],
    ["/", () => search.open()],
    ["Escape", back],
  ]);

  document.addEventListener("keydown", (event) => {
    const action = actions.get(event.key);
    const isWriting = event.target.closest("input, textarea") && event.key !== "Escape";
    if (!action || isWriting || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    action();
  });
}
