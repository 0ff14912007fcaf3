// The login form's behaviour, on its own page and over the dashboard. The focus stays in the field until it is right.

import { onLanguage, t } from "./i18n.js";

/** Makes form (with its password field, button and message area) log in without leaving the page; done is called after success. */
export function enhanceLogin(form, done) {
  const field = form.querySelector("input[type=password]");
  const button = form.querySelector("button[type=submit]");
  const message = form.querySelector(".login-message");
  let busy = false;
  let said = null;
  const render = () => {
    message.textContent = said ? t(...said) : "";
    button.textContent = t(busy ? "login.busy" : "login.button");
    button.setAttribute("aria-disabled", String(busy));
    field.setAttribute("aria-invalid", String(said?.[0] === "login.wrong"));
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    if (!field.value) {
      said = ["login.empty"];
      render();
      field.focus();
      return;
    }
    busy = true;
    said = null;
    render();
    said = await tryPassword(form.action, field.value);
    busy = false;
    render();
    if (said === null) {
      field.value = "";
      done();
      return;
    }
    field.focus();
    field.select();
  });
  onLanguage(render);
}

// Nothing, or what went wrong: a key and its values.
async function tryPassword(url, password) {
  let response;
  try {
    response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify({ password }) });
  } catch {
    return ["login.network"];
  }
  if (response.ok) return null;
  if (response.status === 401) return ["login.wrong"];
  if (response.status === 429) return ["login.many", { s: Number(response.headers.get("Retry-After")) || 1 }];
  return ["login.fault", { status: response.status }];
}
