// What is known of the share: items by key, folded as the service folds them, so that no order, repetition or loss with
// repetition of what arrives makes a difference. An entry is {key, version, item: {type, data}}.

import { listOf, objectOf, textOf } from "./dom.js";

// Of any JSON value, with the names of every object in order.
export function canonicalJson(value) {
  return JSON.stringify(value, (_, inner) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([one], [other]) => compare(one, other)));
  });
}

export const compare = (one, other) => (one < other ? -1 : Number(one > other));

function isNewer(entry, known) {
  if (!known || entry.version !== known.version) return !known || entry.version > known.version;
  return canonicalJson(entry.item) > canonicalJson(known.item);
}

// The id of the message to which an entry belongs, or null.
export function messageIdOf({ item }) {
  const data = objectOf(item.data);
  const ids = { message: data.id, part: data.messageID };
  return Object.hasOwn(ids, item.type) ? textOf(ids[item.type]) : null;
}

export class Items {
  #entries = new Map();
  #messages = new Map();

  // The entries that are different now.
  add(entries) {
    const changed = listOf(entries).filter((entry) => isNewer(entry, this.#entries.get(entry.key)));
    for (const entry of changed) {
      this.#entries.set(entry.key, entry);
      const id = messageIdOf(entry);
      if (id === null) continue;
      const message = this.#messages.get(id) ?? { id, entry: null, parts: new Map() };
      if (entry.item.type === "message") message.entry = entry;
      else message.parts.set(entry.key, entry);
      this.#messages.set(id, message);
    }
    return changed;
  }

  clear() {
    this.#entries.clear();
    this.#messages.clear();
  }

  // Of a whole state, which holds the keys: whether something else was known, which is forgotten now.
  keep(keys) {
    const kept = [...this.#entries.values()].filter(({ key }) => keys.has(key));
    const isLess = kept.length < this.#entries.size;
    if (isLess) {
      this.clear();
      this.add(kept);
    }
    return isLess;
  }

  // The data of `session`, `model` or `session_diff`; undefined when there is none.
  data(type) {
    return this.#entries.get(type)?.item.data;
  }

  // What is neither of a message nor known to this page.
  others() {
    const known = new Set(["session", "model", "session_diff", "message", "part"]);
    return [...this.#entries.values()].filter(({ item }) => !known.has(item.type));
  }

  message(id) {
    return this.#messages.get(id);
  }

  // In the order in which they were written: ids sort by time.
  messageIds() {
    return [...this.#messages.keys()].sort(compare);
  }
}

// The entries of a message's parts, in the order in which they were written.
export function partsOf(message) {
  const idOf = ({ item }) => textOf(objectOf(item.data).id);
  const inOrder = (one, other) => compare(idOf(one), idOf(other)) || compare(one.key, other.key);
  return [...message.parts.values()].sort(inOrder);
}
