// What stands above the messages: title, owner, who may see it and for how long, models, totals and changed files; or,
// where there is nothing to see, why.

import { changedFiles } from "./diff.js";
import { element, jsonOf, listOf, objectOf, textOf } from "./dom.js";
import { countOf, dollars, moment, shownMoment, tokenCounts, tokenFigures, whole } from "./figures.js";
import { jsonView } from "./parts.js";

const VISIBILITIES = new Map([
  ["organisation", "Visible to everyone who can sign in"],
  ["people", "Visible to the people it is shared with"],
  ["link", "Visible to everyone who has the link"],
]);
const PROBLEMS = new Map([
  [401, "Sign in to see this session"],
  [403, "This session is not shared with you"],
  [404, "There is no such session here"],
  [410, "This session is no longer shared"],
]);
const GREETINGS = new Map([
  [0, "No answer"],
  [null, "An error"],
]);
const UNTITLED = "A session without a title";

export class Summary {
  #region = document.getElementById("summary");
  #about = element("div");
  #changes = element("div");
  #others = element("div");
  #shown = { diffs: undefined, others: "" };
  share = {};

  // `named` gives the name of a model of {providerID, modelID}.
  update(items, named) {
    if (!this.#about.isConnected) this.#region.replaceChildren(this.#about, this.#changes, this.#others);
    this.#region.classList.remove("refusal");
    const title = textOf(objectOf(items.data("session")).title) || textOf(this.share.title) || UNTITLED;
    document.title = `${title} · Shared session`;
    this.#about.replaceChildren(
      element("p", { class: "greeting" }, `Shared by ${textOf(this.share.owner_name) || "a colleague"}`),
      element("h1", { dir: "auto" }, title),
      element("p", { class: "facts" }, ...spans(facts(this.share, items))),
      totals(items, named),
    );
    this.#updateFolded(items);
  }

  #updateFolded(items) {
    const [diffs, others] = [items.data("session_diff"), items.others()];
    if (diffs !== this.#shown.diffs) this.#changes.replaceChildren(...[changedFiles(diffs)].filter(Boolean));
    const views = () => others.map(({ item }) => jsonView(`Item of type ${textOf(item.type) || "unknown"}`, item));
    const known = jsonOf(others);
    if (known !== this.#shown.others) this.#others.replaceChildren(...views());
    this.#shown = { diffs, others: known };
  }

  // Of an HTTP status, 0 where there was no answer and null where nobody was asked.
  showProblem(status, text, signInPath) {
    const title = PROBLEMS.get(status) ?? "The session could not be loaded";
    document.title = title;
    this.#region.classList.add("refusal");
    const signIn = signInPath ? element("p", {}, element("a", { class: "button", href: signInPath }, "Sign in")) : "";
    this.#region.replaceChildren(
      element("p", { class: "greeting" }, GREETINGS.get(status) ?? String(status)),
      element("h1", {}, title),
      element("p", { class: "lead" }, text),
      signIn,
    );
  }
}

const spans = (texts) => texts.filter(Boolean).map((text) => element("span", {}, text));

function facts(share, items) {
  const created = moment(objectOf(objectOf(items.data("session")).time).created);
  const ends = moment(Date.parse(textOf(share.expires_at)));
  return [
    VISIBILITIES.get(share.visibility) ?? "",
    created ? `begun ${shownMoment(created)}` : "",
    ends ? `shared until ${shownMoment(ends)}` : "",
  ];
}

// Over all messages.
function totals(items, named) {
  const models = new Map();
  const sum = { input: 0, output: 0, reasoning: 0, cached: 0 };
  let cost = 0;
  const ids = items.messageIds();
  for (const id of ids) {
    const data = objectOf(items.message(id).entry?.item.data);
    if (data.role !== "assistant") continue;
    models.set(named(data), true);
    for (const [kind, count] of Object.entries(tokenCounts(data.tokens))) sum[kind] += count;
    cost += countOf(data.cost);
  }
  const rows = [
    ["Models", [...models.keys()].filter(Boolean).join(", ")],
    ["Messages", whole(ids.length)],
    ["Tokens", tokenFigures(sum).join(", ")],
    ["Cost", cost > 0 ? dollars(cost) : ""],
  ].filter(([, value]) => value);
  const each = rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return element("dl", { class: "totals" }, ...each);
}

// Of `model`: a list of {id, providerID, name}.
export function modelNames(models) {
  const names = listOf(models).map(objectOf);
  return new Map(names.map((model) => [modelKey(model.providerID, model.id), textOf(model.name)]));
}

export const modelKey = (providerId, modelId) => `${textOf(providerId)}/${textOf(modelId)}`;
