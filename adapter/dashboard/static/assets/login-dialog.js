// The login form over the page, when the login has ended while somebody looks at it. The view stays.

import { h, word } from "./dom.js";
import { enhanceLogin } from "./login-form.js";

/** Makes the dialog; returns ask(), which opens it. done is called after a successful login. */
export function makeLoginDialog(done) {
  const form = h("form", { method: "post", action: "api/login", class: "login-form" },
    word("h2", "login.title", { id: "relogin-title" }),
    word("p", "login.again"),
    // For password managers: the same account each time.
    h("input", { type: "text", name: "username", value: "dashboard", autocomplete: "username", hidden: true }),
    word("label", "login.password", { for: "relogin-password" }),
    h("input", { type: "password", id: "relogin-password", name: "password", autocomplete: "current-password", autofocus: true }),
    word("p", "login.hint", { class: "hint" }),
    h("p", { class: "login-message", role: "alert" }),
    word("button", "login.button", { type: "submit", class: "button primary" }));
  const el = h("dialog", { class: "relogin", "aria-labelledby": "relogin-title" }, form);
  document.body.append(el);
  let back = null;
  let asking = false;
  enhanceLogin(form, () => {
    asking = false;
    el.close();
    if (back?.isConnected) back.focus({ preventScroll: true });
    done();
  });
  // There is nothing to go back to without a login.
  el.addEventListener("cancel", (event) => event.preventDefault());
  // A second Escape closes a dialog whatever its page says.
  el.addEventListener("close", () => {
    if (asking) el.showModal();
  });
  return () => {
    if (el.open) return;
    back = document.activeElement;
    asking = true;
    el.showModal();
  };
}
