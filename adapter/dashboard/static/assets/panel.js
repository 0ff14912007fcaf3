// The frame of a panel and its four states. Body, bones and note share one grid cell, so nothing jumps between them.

import { h, byId, setAttr, word } from "./dom.js";
import { known, onLanguage, t } from "./i18n.js";

/**
 * Takes over the section with that id. bones: how many lines its skeleton has, or "chart".
 * Returns { el, body, tools, show }.
 */
export function panel(id, bones) {
  const el = byId(id);
  const body = el.querySelector(".panel-body");
  const tools = el.querySelector(".tools");
  const heading = el.querySelector("h2");
  heading.tabIndex = -1;
  const note = h("div", { class: "note", hidden: true });
  const skeleton = h("div", { class: bones === "chart" ? "bones bones-chart" : "bones", "aria-hidden": "true" },
    bones === "chart" ? null : Array.from({ length: bones }, () => h("div", { class: "bone" })));
  body.after(skeleton, note);
  let last = ["loading", {}];

  /** state: "loading", "ready", "empty" ({key, values, hint}) or "error" ({error, retry}). */
  function show(state, info = {}) {
    last = [state, info];
    el.dataset.state = state;
    setAttr(el, "aria-busy", state === "loading" ? "true" : null);
    note.hidden = state !== "empty" && state !== "error";
    if (state === "empty") note.replaceChildren(h("p", null, t(info.key, info.values)), info.hint ?? "");
    if (state === "error") {
      const again = word("button", "retry", { type: "button", class: "button", onclick: () => retry(info.retry) });
      note.replaceChildren(h("p", null, errorWords(info.error)), again);
    }
  }
  // The button goes away with its message, so the focus moves on to the heading.
  function retry(again) {
    again();
    heading.focus({ preventScroll: true });
  }
  onLanguage(() => show(...last));
  show("loading");
  return { el, body, tools, show };
}

/** Shows the state that a resource is in; ready tells whether there is something to show, else empty says what would fill it. */
export function showResource(frame, own, isEmpty, emptyInfo, retry) {
  setAttr(frame.el, "data-busy", own.busy && own.value ? "true" : null);
  if (own.error) frame.show("error", { error: own.error, retry });
  else if (!own.value) frame.show("loading");
  else if (isEmpty(own.value)) frame.show("empty", emptyInfo);
  else frame.show("ready");
  return !own.error && own.value !== null;
}

/** An error of a call in the reader's words; the server's sentence only where the page has none of its own. */
export function errorWords(error) {
  const key = "error." + (error?.code || "unknown");
  if (known(key)) return t(key);
  if (error?.status >= 500 || !error?.message) return t("error.status", { status: error?.status ?? 0 });
  return error.message;
}
