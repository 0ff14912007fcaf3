// The recent requests: fetched by page, filtered, and kept current by the event stream without moving what is being read.

import { h, byId, setText, word } from "./dom.js";
import { get } from "./api.js";
import { exact } from "./format.js";
import { onLanguage, t } from "./i18n.js";
import { makeDetail } from "./detail.js";
import { makeFilters } from "./filters.js";
import { onLive } from "./live.js";
import { panel } from "./panel.js";
import { columns, keyOf, requestLine } from "./rows.js";
import { chosen, choose, filters, onChoice } from "./view.js";

const pageSize = 50;
// Beyond this many lines the list begins anew with its first page, so that a page left open all day stays light.
const mostRows = 600;
const mostWaiting = 200;

/** Takes over the panel of requests. */
export function startRequests() {
  const frame = panel("p-list", 8);
  const head = h("tr", null, columns.map((name) => word("th", "list." + name, { scope: "col", class: "c-" + name })));
  const body = h("tbody");
  const table = h("table", { class: "rows requests" }, h("thead", null, head), body);
  const older = h("button", { type: "button", class: "button", hidden: true });
  const fresh = h("button", { type: "button", class: "button fresh", hidden: true, onclick: showWaiting });
  const end = h("p", { class: "hint" });
  frame.body.append(table, h("div", { class: "list-foot" }, older, end));
  byId("fresh").append(fresh);
  const detail = makeDetail(() => settle());
  makeFilters(byId("filters"));

  let rows = [];
  let next = null;
  let waiting = [];
  let gap = false; // more has come than was told; only a fetch shows it
  let turn = 0;
  let loading = false;
  let failure = null;

  async function load() {
    const mine = ++turn;
    loading = true;
    failure = null;
    if (rows.length === 0) frame.show("loading");
    else frame.el.dataset.busy = "true";
    try {
      const page = await get("requests", { ...query(), limit: pageSize });
      if (mine !== turn) return;
      failure = null;
      rows = page.requests;
      next = page.next;
      waiting = [];
      gap = false;
      renderAll();
    } catch (error) {
      if (mine !== turn) return;
      // What stands there may go on standing there while the connection is lost.
      loading = false;
      if (error.status === 401) return; // the login form is on its way, and then all is fetched anew
      if (rows.length === 0 || error.status >= 400) failure = error;
    }
    loading = false;
    delete frame.el.dataset.busy;
    renderState();
  }

  async function loadOlder() {
    const mine = turn;
    older.setAttribute("aria-disabled", "true");
    try {
      const page = await get("requests", { ...query(), before: next, limit: pageSize });
      if (mine !== turn) return;
      const seen = new Set(rows.map(keyOf));
      const more = page.requests.filter((row) => !seen.has(keyOf(row)));
      rows.push(...more);
      next = page.next;
      body.append(...more.map((row) => requestLine(row, detail.open)));
      setText(end, "");
    } catch {
      setText(end, t("list.older_failed"));
    }
    older.removeAttribute("aria-disabled");
    renderState();
  }

  // After a reconnect or once a minute: what came meanwhile goes the way of what the stream tells.
  async function catchUp() {
    if (rows.length === 0 || failure) {
      load();
      return;
    }
    const mine = turn;
    let page;
    try {
      page = await get("requests", { ...query(), limit: pageSize });
    } catch {
      return; // the figures say that the connection is lost
    }
    if (mine !== turn) return;
    const seen = new Set([...rows, ...waiting].map(keyOf));
    const meets = page.requests.some((row) => seen.has(keyOf(row)));
    take(page.requests.filter((row) => !seen.has(keyOf(row))), !meets && page.requests.length > 0);
  }

  function take(news, missing) {
    gap ||= missing;
    waiting = [...news, ...waiting].slice(0, mostWaiting);
    gap ||= waiting.length === mostWaiting;
    settle();
  }

  // Shows what waits, unless somebody reads.
  function settle() {
    if ((gap || waiting.length > 0) && !reading() && !document.hidden) release();
    else renderFresh();
  }

  function release() {
    if (gap || rows.length + waiting.length > mostRows) {
      if (!loading) load();
      return;
    }
    prepend(waiting);
    waiting = [];
    renderFresh();
  }

  function prepend(news) {
    rows = [...news, ...rows];
    const lines = news.map((row) => requestLine(row, detail.open));
    for (const line of lines) line.classList.add("new");
    body.prepend(...lines);
    renderState();
  }

  // Somebody reads: the head of the list is scrolled away, a row has the keyboard's focus, or its details are open.
  function reading() {
    const barEnd = byId("bar").getBoundingClientRect().bottom;
    return detail.isOpen() || body.querySelector(":focus-visible") !== null || table.getBoundingClientRect().top < barEnd;
  }

  function showWaiting() {
    release();
    frame.el.scrollIntoView({ block: "start" });
    frame.el.querySelector("h2").focus({ preventScroll: true });
  }

  function renderAll() {
    body.replaceChildren(...rows.map((row) => requestLine(row, detail.open)));
    renderFresh();
    renderState();
  }

  function renderFresh() {
    fresh.hidden = waiting.length === 0 && !gap;
    const n = exact(waiting.length) + (gap ? "+" : "");
    setText(fresh, t("list.fresh", { n, count: waiting.length }));
  }

  function renderState() {
    const filtered = Object.values(filters()).some(Boolean);
    if (failure) frame.show("error", { error: failure, retry: load });
    else if (rows.length > 0) frame.show("ready");
    else if (filtered) frame.show("empty", { key: "list.none_match", values: { range: t("range.in." + chosen().range) }, hint: clearButton() });
    else frame.show("empty", { key: "list.empty", values: { range: t("range.in." + chosen().range) } });
    older.hidden = next === null || rows.length === 0;
    setText(older, t("list.older"));
  }

  older.addEventListener("click", () => {
    if (older.getAttribute("aria-disabled") !== "true") loadOlder();
  });
  onLive("batch", (batch) => {
    const seen = new Set(rows.slice(0, 200).map(keyOf));
    take(batch.requests.filter((row) => matches(row) && !seen.has(keyOf(row))), batch.more > 0);
  });
  onLive("anew", catchUp);
  onChoice((changed) => {
    if (["range", "model", "outcome", "account"].some((name) => changed.has(name))) {
      rows = [];
      waiting = [];
      load();
    }
  });
  onLanguage(renderAll);
  addEventListener("scroll", () => {
    if (waiting.length > 0) settle();
  }, { passive: true });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) settle();
  });
  load();
  return { load };
}

function query() {
  return { range: chosen().range, ...filters() };
}

function matches(row) {
  const { model, outcome, account } = filters();
  return (!model || row.model === model) && (!outcome || row.outcome === outcome) && (!account || row.account === account);
}

function clearButton() {
  return word("button", "list.clear", { type: "button", class: "button", onclick: () => choose({ model: "", outcome: "", account: "" }) });
}
