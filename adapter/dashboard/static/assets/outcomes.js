// The outcomes of a request: their order, and a shape for each beside its colour, so that no meaning hangs on colour alone.

import { h, s } from "./dom.js";
import { known, t } from "./i18n.js";

/** All outcomes, as they are stacked from the bottom. Colours are the custom properties --o-NAME. */
export const outcomes = [
  "completed", "length", "client_gone", "rejected", "rate_limited", "timeout",
  "upstream_error", "upstream_cut", "no_account", "overloaded", "shutdown", "internal_error",
];

// Count on neither side of the success rate; see successOf.
const neutral = new Set(["client_gone", "rejected"]);
const good = new Set(["completed", "length"]);

const shapes = {
  completed: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z",
  length: "M6 1a5 5 0 0 1 0 10zM1 5h4v2H1z",
  client_gone: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1zm0 2.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2z",
  rejected: "M2.6 1 6 4.4 9.4 1 11 2.6 7.6 6 11 9.4 9.4 11 6 7.6 2.6 11 1 9.4 4.4 6 1 2.6z",
  rate_limited: "M6 1l5.4 10H.6z",
  timeout: "M1.5 1h9L6.9 6l3.6 5h-9l3.6-5z",
  upstream_error: "M6 .5 11.5 6 6 11.5.5 6z",
  upstream_cut: "M6 .5 11.5 6 6 11.5.5 6zm0 3L3.5 6 6 8.5 8.5 6z",
  no_account: "M1 1h10v10H1zm2.4 2.4v5.2h5.2V3.4z",
  overloaded: "M1 1h10v2.6H1zm0 3.7h10v2.6H1zm0 3.7h10V11H1z",
  shutdown: "M1 4.5h10v3H1z",
  internal_error: "M1 1h10v10H1z",
};

/** The glyph of an outcome in its colour; decoration, its word stands beside it. */
export function glyph(outcome) {
  const path = s("path", { d: shapes[outcome] ?? shapes.internal_error, "fill-rule": "evenodd" });
  return s("svg", { class: `glyph o-${outcome in shapes ? outcome : "unknown"}`, viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, path);
}

/** The word of an outcome. */
export function outcomeWord(outcome) {
  const key = "outcome." + outcome;
  return known(key) ? t(key) : outcome;
}

/** Glyph and word. */
export function outcomeMark(outcome) {
  return h("span", { class: "outcome" }, glyph(outcome), h("span", null, outcomeWord(outcome)));
}

/** The word for why an account rests or an attempt failed; one that this page does not know stays as it is. */
export function kindWord(kind) {
  const key = "kind." + kind;
  return known(key) ? t(key) : kind;
}

/** Failures and success rate (null: nothing to judge) of counts by outcome. */
export function successOf(counts) {
  let well = 0;
  let failures = 0;
  for (const [outcome, n] of Object.entries(counts ?? {})) {
    if (good.has(outcome)) well += n;
    else if (!neutral.has(outcome)) failures += n;
  }
  return { failures, rate: well + failures > 0 ? well / (well + failures) : null };
}

/** Sum of counts by outcome. */
export function sumOf(counts) {
  return Object.values(counts ?? {}).reduce((sum, n) => sum + n, 0);
}
