// The panel "Connect": the address as the browser sees it, and what to fill into each client.

import { h, word } from "./dom.js";
import { copyButton } from "./copy.js";
import { onLanguage, t } from "./i18n.js";
import { clients, privateSpace, tokenName } from "./snippets.js";
import { sidePanel } from "./side.js";

/** Makes the panel; button opens it. */
export function startConnect(button) {
  const side = sidePanel("connect", "connect.title");
  let chosenTab = "curl";
  const render = () => {
    const base = new URL("v1", document.baseURI).href;
    const root = base.replace(/\/v1$/, "");
    side.body.replaceChildren(
      word("p", "connect.lead"),
      fields([["connect.base_url", base], ["connect.api_key", tokenName]]),
      word("p", "connect.token_note", { class: "hint" }),
      tabs(clients(base, root), chosenTab, (id) => {
        chosenTab = id;
      }),
      h("section", { class: "aside" }, word("h3", "connect.space_title"), word("p", "connect.space"), code(privateSpace(base))),
    );
  };
  onLanguage(() => {
    if (side.isOpen()) render();
  });
  button.addEventListener("click", () => {
    render();
    side.open();
  });
}

// Tabs as the pattern has it: one tab stop, arrows move, Home and End jump.
function tabs(list, chosenId, onChoose) {
  const bar = h("div", { class: "tabs", role: "tablist", "aria-label": t("connect.clients") });
  const sheet = h("div", { class: "sheet", role: "tabpanel", tabindex: "0", id: "connect-sheet" });
  const buttons = list.map((client) => h("button", {
    type: "button",
    role: "tab",
    id: "tab-" + client.id,
    "aria-controls": "connect-sheet",
    onclick: () => choose(client),
  }, client.name));
  bar.append(...buttons);
  bar.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = (to + buttons.length) % buttons.length;
    choose(list[next]);
    buttons[next].focus();
  });
  function choose(client) {
    onChoose(client.id);
    list.forEach((one, i) => {
      buttons[i].setAttribute("aria-selected", String(one === client));
      buttons[i].tabIndex = one === client ? 0 : -1;
    });
    sheet.setAttribute("aria-labelledby", "tab-" + client.id);
    sheet.replaceChildren(...client.parts.map(part));
  }
  choose(list.find((client) => client.id === chosenId) ?? list[0]);
  return h("div", { class: "clients" }, bar, sheet);
}

function part(one) {
  return h("div", { class: "part" },
    one.step ? word("p", one.step) : null,
    one.fields ? fields(one.fields) : null,
    one.code ? code(one.code, one.file) : null);
}

// What stands for the token is not worth copying: a client wants the token itself, which no page holds.
function fields(list) {
  return h("dl", { class: "settings" }, list.map(([key, value]) => h("div", null, word("dt", key), h("dd", null, h("code", null, value), value === tokenName ? null : copyButton(() => value)))));
}

function code(text, file = "") {
  return h("figure", { class: file ? "code named" : "code" },
    h("figcaption", null, file ? h("span", null, file) : null, copyButton(() => text)),
    h("pre", { tabindex: "0" }, h("code", null, text)));
}
