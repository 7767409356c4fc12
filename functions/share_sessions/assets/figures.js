// Numbers, dates and durations as they are shown, empty for what is none.

const WHOLE = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const DOLLARS = new Intl.NumberFormat("en", { style: "currency", currency: "USD", minimumFractionDigits: 2 });
const SMALL_DOLLARS = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumSignificantDigits: 2 });
const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const CENT = 0.01;
const MAX_MS = 8.64e15;

export const countOf = (value) => (Number.isFinite(value) && value > 0 ? value : 0);

export const whole = (value) => WHOLE.format(countOf(value));

export function dollars(value) {
  const cost = countOf(value);
  return (cost > 0 && cost < CENT ? SMALL_DOLLARS : DOLLARS).format(cost);
}

export function plural(count, one, many) {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

export function moment(milliseconds) {
  return Number.isFinite(milliseconds) && Math.abs(milliseconds) <= MAX_MS ? new Date(milliseconds) : null;
}

export const shownMoment = (date) => MOMENT.format(date);

// Of {start, end} in milliseconds.
export function duration({ start, end }) {
  if (!Number.isFinite(start) || !Number.isFinite(end) || end < start) return "";
  const milliseconds = end - start;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

// Token counts of a message: {input, output, reasoning, cache: {read, write}}.
export function tokenCounts(tokens) {
  const counted = tokens ?? {};
  return {
    input: countOf(counted.input),
    output: countOf(counted.output),
    reasoning: countOf(counted.reasoning),
    cached: countOf(counted.cache?.read) + countOf(counted.cache?.write),
  };
}

// ["12.3K in", "845 out", ...]; counts that are zero are left out.
export function tokenFigures(counts) {
  const named = [
    [counts.input, "in"],
    [counts.output, "out"],
    [counts.reasoning, "reasoning"],
    [counts.cached, "cached"],
  ];
  return named.filter(([count]) => count > 0).map(([count, what]) => `${COMPACT.format(count)} ${what}`);
}
