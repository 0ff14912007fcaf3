// One request as a line of the list.

import { h } from "./dom.js";
import { absolute, compact, duration, exact, none } from "./format.js";
import { t } from "./i18n.js";
import { accountLabel } from "./names.js";
import { outcomeMark } from "./outcomes.js";
import { timeAgo } from "./times.js";

/** The columns of the list, in order. */
export const columns = ["time", "model", "outcome", "status", "tokens", "first", "duration", "account", "attempts", "id"];

/** What tells one request from all others: a client may send the same request id twice. */
export function keyOf(row) {
  return row.began + " " + row.request_id;
}

/**
 * The line of a request. A press anywhere on it opens the details; for the keyboard it has a button, which lets the
 * pointer through so that texts can be selected and titles read.
 */
export function requestLine(row, open) {
  const button = h("button", {
    type: "button",
    class: "row-open",
    "aria-haspopup": "dialog",
    "aria-label": t("list.open", { model: modelName(row), at: absolute(row.began) }),
    onclick: () => open(row),
  });
  const press = (event) => {
    if (event.target === button || String(getSelection()) !== "") return;
    button.focus({ preventScroll: true });
    open(row);
  };
  const cell = (name, title, ...children) => h("td", { class: "c-" + name, "data-label": t("list." + name), title }, children);
  return h("tr", { onclick: press },
    cell("time", null, button, timeAgo(row.began)),
    cell("model", modelName(row), h("span", { class: "model" }, h("span", { class: "clip" }, modelName(row)), row.stream ? h("small", null, t("list.stream")) : null)),
    cell("outcome", null, outcomeMark(row.outcome)),
    cell("status", null, row.status ? String(row.status) : none),
    cell("tokens", t("tokens.both", { in: exact(row.prompt_tokens), out: exact(row.completion_tokens) }), tokenWords(row)),
    cell("first", null, row.first_ms === null ? none : duration(row.first_ms)),
    cell("duration", null, duration(row.duration_ms)),
    cell("account", accountName(row), h("span", { class: "clip" }, accountName(row))),
    cell("attempts", null, exact(row.attempts)),
    cell("id", row.request_id, h("code", { class: "clip" }, row.request_id)));
}

/** The model in words. */
export function modelName(row) {
  if (!row.model) return none;
  return row.model === "other" ? t("list.other") : row.model;
}

/** The account in words. */
export function accountName(row) {
  return accountLabel(row.account_name) || row.account || none;
}

function tokenWords(row) {
  if (row.usage === "unknown") return none;
  const about = row.usage === "estimated" ? h("abbr", { class: "about", title: t("usage.estimated") }, "≈") : null;
  return [about, `${compact(row.prompt_tokens)} → ${compact(row.completion_tokens)}`];
}
