// Copying a text, also where the page is not served over https and the browser offers no clipboard.

import { h } from "./dom.js";
import { t } from "./i18n.js";

const saidMs = 1500;

/** A button that copies what text() returns, and says that it has. */
export function copyButton(text, labelKey = "copy") {
  const button = h("button", { type: "button", class: "button small" }, t(labelKey));
  let reset = 0;
  button.dataset.t = labelKey;
  button.addEventListener("click", async () => {
    const done = await copy(text(), button);
    button.dataset.t = done ? "copied" : "copy_failed";
    button.textContent = t(button.dataset.t);
    clearTimeout(reset);
    reset = setTimeout(() => {
      button.dataset.t = labelKey;
      button.textContent = t(labelKey);
    }, saidMs);
  });
  button.setAttribute("aria-live", "polite");
  return button;
}

async function copy(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard, or not allowed: the old way, beside the button since a modal dialog lets nothing else be selected.
    const field = h("textarea", { class: "sr", readonly: true, tabindex: "-1" }, text);
    near.after(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    near.focus();
    return done;
  }
}
