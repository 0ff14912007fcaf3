// What the page knows: one resource per data route. Renderers subscribe; nothing is rendered while the tab is hidden.

import { get } from "./api.js";
import { addToAccounts, addToModels, addToOverview, addToSeries, momentToAccounts } from "./apply.js";
import { noteServerTime, now } from "./clock.js";
import { chosen, step } from "./view.js";

// How long a batch is kept to be added to answers that were on their way while it came.
const keepBatchesMs = 15e3;
// A batch that names only some of its rows leaves what is summed by row behind; that is fetched this much later.
const catchUpMs = 5e3;

const queries = {
  overview: () => ({ range: chosen().range }),
  series: () => ({ range: chosen().range, step: step(), utc_offset: -new Date().getTimezoneOffset() }),
  models: () => ({ range: chosen().range }),
  accounts: () => ({ range: chosen().range }),
};

const adders = { overview: addToOverview, series: addToSeries, models: addToModels, accounts: addToAccounts };
const resources = Object.fromEntries(Object.keys(queries).map((name) => [name, { name, value: null, error: null, busy: true, turn: 0 }]));
const renderers = new Map();
const dirty = new Set();
let batches = [];
let frame = 0;
let catchUp = 0;

/** The resource of that name: value (null: none yet), error, busy. */
export function resource(name) {
  return resources[name];
}

/** Calls render(resource) whenever the resource has changed and the page can be seen. */
export function onData(name, render) {
  renderers.set(name, [...(renderers.get(name) ?? []), render]);
}

/** Marks resources for rendering, all when none is named. */
export function touch(...names) {
  for (const name of names.length ? names : Object.keys(resources)) dirty.add(name);
  if (!frame && !document.hidden) frame = requestAnimationFrame(flush);
}

/** Fetches resources anew, all when none is named. Returns whether the server answered all of them. */
export async function refetch(...names) {
  const settled = await Promise.all((names.length ? names : Object.keys(resources)).map(load));
  return settled.every(Boolean);
}

/** Says that what is shown belongs to another choice until new figures come. */
export function setBusy(...names) {
  for (const name of names) Object.assign(resources[name], { busy: true, error: null });
  touch(...names);
}

/** Adds a batch of the stream to everything that is already there. */
export function addBatch(batch) {
  noteServerTime(batch.at);
  batches = batches.filter((kept) => now() - Date.parse(kept.at) < keepBatchesMs);
  batches.push(batch);
  for (const [name, add] of Object.entries(adders)) {
    if (resources[name].value) add(resources[name].value, batch);
  }
  if (batch.more > 0 && !catchUp) {
    catchUp = setTimeout(() => {
      catchUp = 0;
      refetch("overview", "models", "accounts");
    }, catchUpMs);
  }
  touch();
}

/** Takes over the figures of the moment. */
export function setMoment(moment) {
  noteServerTime(moment.at);
  if (resources.overview.value) resources.overview.value.moment = moment;
  if (resources.accounts.value) momentToAccounts(resources.accounts.value, moment);
  touch("overview", "accounts");
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && dirty.size > 0) touch(...dirty);
});

async function load(name) {
  const own = resources[name];
  const turn = ++own.turn;
  const asked = now();
  try {
    const value = await get(name, queries[name]());
    if (turn !== own.turn) return true; // a later question is on its way
    noteServerTime(value.moment?.at);
    own.value = value;
    own.error = null;
    own.busy = false;
    addMissed(name, value, asked);
  } catch (error) {
    if (turn !== own.turn) return true;
    // Figures of a lost connection stay, dimmed, and so do all while the login form covers them; those of another
    // choice would be wrong.
    const gone = error.status === 0 || error.status > 500; // also what a gateway says of a server that stops
    if (error.status !== 401 && (own.busy || !gone)) own.error = error;
    touch(name);
    return error.status === 401 || (error.status >= 400 && error.status < 500);
  }
  touch(name);
  return true;
}

// The answer holds what was written before it; what was written while it travelled comes on top.
function addMissed(name, value, asked) {
  const until = value.moment ? Date.parse(value.moment.at) : asked;
  for (const batch of batches) {
    if (Date.parse(batch.at) > until) adders[name](value, batch);
  }
}

function flush() {
  frame = 0;
  const names = [...dirty];
  dirty.clear();
  for (const name of names) {
    for (const render of renderers.get(name) ?? []) render(resources[name]);
  }
}
