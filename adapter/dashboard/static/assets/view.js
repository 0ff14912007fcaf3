// What the reader has chosen to see. It lives in the address, so a view can be shared and survives a reload.

import { outcomes } from "./outcomes.js";

/** The ranges, with their length in milliseconds and the steps a chart may have in them, the default first. */
export const ranges = {
  "1h": { ms: 3600e3, steps: ["minute"] },
  "24h": { ms: 86400e3, steps: ["hour"] },
  "7d": { ms: 7 * 86400e3, steps: ["hour", "day"] },
  "30d": { ms: 30 * 86400e3, steps: ["day", "hour"] },
  "90d": { ms: 90 * 86400e3, steps: ["day", "hour"] },
};

const listeners = new Set();
const view = read();

/** The choice in force: range, step, model, outcome, account, paused. */
export function chosen() {
  return view;
}

/** The step of the charts in the range in force. */
export function step() {
  const { steps } = ranges[view.range];
  return steps.includes(view.step) ? view.step : steps[0];
}

/** The filters of the list of requests. */
export function filters() {
  return { model: view.model, outcome: view.outcome, account: view.account };
}

/** Changes the choice; listeners get the set of names that changed. */
export function choose(change) {
  const changed = new Set();
  for (const [name, value] of Object.entries(change)) {
    if (view[name] === value) continue;
    view[name] = value;
    changed.add(name);
  }
  if (changed.size === 0) return;
  write();
  for (const listener of listeners) listener(changed);
}

/** Calls listener(changed) after every change. */
export function onChoice(listener) {
  listeners.add(listener);
}

function read() {
  const query = new URLSearchParams(location.search);
  const range = query.get("range");
  return {
    range: Object.hasOwn(ranges, range) ? range : "24h",
    step: query.get("step") ?? "",
    model: query.get("model") ?? "",
    outcome: outcomes.includes(query.get("outcome")) ? query.get("outcome") : "",
    account: query.get("account") ?? "",
    paused: query.get("paused") === "1",
  };
}

function write() {
  const query = new URLSearchParams();
  if (view.range !== "24h") query.set("range", view.range);
  if (ranges[view.range].steps.length > 1 && step() !== ranges[view.range].steps[0]) query.set("step", view.step);
  for (const name of ["model", "outcome", "account"]) if (view[name]) query.set(name, view[name]);
  if (view.paused) query.set("paused", "1");
  const text = query.toString();
  history.replaceState(null, "", location.pathname + (text ? "?" + text : "") + location.hash);
}
