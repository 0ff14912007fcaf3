// Keeps the page current: the event stream, polling while there is none, a full fetch once a minute.

import { address } from "./api.js";
import { now } from "./clock.js";
import { addBatch, refetch, setMoment } from "./store.js";
import { chosen, onChoice } from "./view.js";

const refreshMs = 60e3;
const pollMs = 5e3;
const longestWaitMs = 30e3;

const connection = { mode: "connecting", since: now(), updated: 0 };
const listeners = { connection: new Set(), batch: new Set(), anew: new Set() };
let source = null;
let retry = 0;
let poll = 0;
let refresh = 0;
let tries = 0;
let running = false;
let behind = false;

/** How the page is fed: mode "connecting", "live", "polling" or "lost", since when, and when news came last (ms). */
export function connectionNow() {
  return connection;
}

/** Calls listener: "connection" after a change of mode, "batch" with each batch, "anew" when lists have to be fetched again. */
export function onLive(what, listener) {
  listeners[what].add(listener);
}

/** Begins, or goes on after a login. */
export function start() {
  if (running) return;
  running = true;
  refresh = setInterval(() => {
    if (document.hidden) behind = true;
    else if (!chosen().paused) fetchAll();
  }, refreshMs);
  connect();
}

/** Stops everything: there is no login. */
export function stop() {
  running = false;
  source?.close();
  source = null;
  clearTimeout(retry);
  clearTimeout(poll);
  clearInterval(refresh);
  poll = 0;
}

/** Fetches all figures and lists anew. */
export async function fetchAll() {
  for (const listener of listeners.anew) listener();
  const answered = await refetch();
  if (answered) {
    connection.updated = now();
    if (connection.mode === "lost") setMode("polling");
  } else if (!source || source.readyState !== EventSource.OPEN) {
    setMode("lost");
  }
  return answered;
}

onChoice((changed) => {
  if (changed.has("paused") && !chosen().paused && running) fetchAll();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !behind || !running || chosen().paused) return;
  behind = false;
  fetchAll();
});

function connect() {
  source?.close();
  source = new EventSource(address("events", {}));
  source.addEventListener("open", opened);
  source.addEventListener("error", failed);
  source.addEventListener("moment", (event) => heard(event, setMoment));
  source.addEventListener("batch", (event) => heard(event, (batch) => {
    addBatch(batch);
    for (const listener of listeners.batch) listener(batch);
  }));
  source.addEventListener("resync", () => {
    if (!chosen().paused) fetchAll();
  });
}

function opened() {
  const late = tries > 0;
  tries = 0;
  clearTimeout(poll);
  poll = 0;
  connection.updated = now();
  setMode("live");
  if (late && !chosen().paused) fetchAll();
}

// The browser's own retry knows no back-off and gives up for good after a 503, so this one is its own.
function failed() {
  source?.close();
  source = null;
  if (!running) return;
  tries += 1;
  const wait = Math.min(longestWaitMs, 1000 * 2 ** Math.min(tries - 1, 5));
  clearTimeout(retry);
  retry = setTimeout(connect, wait * (0.75 + Math.random() / 2));
  if (connection.mode !== "lost") setMode("polling");
  if (!poll) pollNow();
}

async function pollNow() {
  poll = -1;
  if (!document.hidden && !chosen().paused) await fetchAll();
  if (!running || (source && source.readyState === EventSource.OPEN)) {
    poll = 0;
    return;
  }
  poll = setTimeout(pollNow, pollMs);
}

function heard(event, use) {
  if (chosen().paused) return;
  let value;
  try {
    value = JSON.parse(event.data);
  } catch {
    return; // half a message at the end of a stream; the next full fetch makes up for it
  }
  connection.updated = now();
  use(value);
}

function setMode(mode) {
  if (connection.mode === mode) return;
  connection.mode = mode;
  connection.since = mode === "lost" && connection.updated ? connection.updated : now();
  for (const listener of listeners.connection) listener(connection);
}
