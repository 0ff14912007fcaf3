// Panels that open from the right: modal dialogs, closed by Escape, the button or a click beside them. The focus goes back.

import { h, word } from "./dom.js";

/** A side panel below a heading. Returns { el, body, title, open, close, isOpen }; onClose is called after it has closed. */
export function sidePanel(id, titleKey, onClose = () => {}) {
  const title = word("h2", titleKey, { id: id + "-title" });
  const closer = h("button", { type: "button", class: "button icon", "data-t-label": "close", "aria-label": "close", onclick: () => el.close() }, "×");
  const body = h("div", { class: "side-body" });
  const el = h("dialog", { id, class: "side", "aria-labelledby": id + "-title" }, h("header", { class: "side-head" }, title, closer), body);
  let back = null;
  el.addEventListener("click", (event) => {
    if (event.target === el) el.close();
  });
  el.addEventListener("close", () => {
    onClose();
    if (back?.isConnected) back.focus({ preventScroll: true });
    back = null;
  });
  document.body.append(el);
  return {
    el,
    body,
    title,
    isOpen: () => el.open,
    close: () => el.close(),
    open: () => {
      if (el.open) return;
      back = document.activeElement;
      el.showModal();
    },
  };
}
