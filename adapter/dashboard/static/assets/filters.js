// The filters of the list as chips, and the links that export what they choose.

import { h, byId, setAttr, word } from "./dom.js";
import { address } from "./api.js";
import { onLanguage, t } from "./i18n.js";
import { accountLabel, modelLabel } from "./names.js";
import { outcomes, outcomeWord } from "./outcomes.js";
import { onData, resource } from "./store.js";
import { chosen, choose, filters, onChoice } from "./view.js";

/** Fills host with the chips and keeps them, and the links of the export, up to date. */
export function makeFilters(host) {
  const chips = {
    model: chip("model", () => (resource("models").value?.models ?? []).map((model) => [model.name, modelLabel(model.name)])),
    outcome: chip("outcome", () => outcomes.map((outcome) => [outcome, outcomeWord(outcome)])),
    account: chip("account", () => (resource("accounts").value?.accounts ?? []).map((account) => [account.id, accountLabel(account.name) || account.credential || account.id])),
  };
  host.append(...Object.values(chips).map((one) => one.el));
  const render = () => {
    for (const one of Object.values(chips)) one.render();
    renderExport();
  };
  onData("models", chips.model.render);
  onData("accounts", chips.account.render);
  onData("overview", renderExport);
  onLanguage(render);
  onChoice(render);
  render();
}

function chip(name, values) {
  const select = h("select", { "data-t-label": "filter." + name, "aria-label": t("filter." + name), onchange: () => choose({ [name]: select.value }) });
  const clear = h("button", {
    type: "button",
    class: "chip-clear",
    onclick: () => {
      choose({ [name]: "" });
      select.focus();
    },
  }, "×");
  const el = h("span", { class: "chip" }, select, clear);
  let drawn = "";
  function render() {
    const now = filters()[name];
    const known = values();
    // A shared view may name something that this range has not seen.
    if (now && !known.some(([value]) => value === now)) known.push([now, now]);
    const drawing = JSON.stringify([known, t("filter.all." + name)]);
    if (drawing !== drawn) {
      drawn = drawing;
      select.replaceChildren(h("option", { value: "" }, t("filter.all." + name)), ...known.map(([value, text]) => h("option", { value }, text)));
    }
    select.value = now;
    el.classList.toggle("set", now !== "");
    clear.hidden = now === "";
    clear.setAttribute("aria-label", t("filter.clear." + name));
  }
  return { el, render };
}

function renderExport() {
  const restricted = resource("overview").value?.restricted ?? false;
  const host = byId("export");
  const query = { range: chosen().range, ...filters() };
  if (host.children.length === 0) {
    host.append(word("span", "export.label"), h("a", { download: "", class: "link" }, "CSV"), h("a", { download: "", class: "link" }, "JSON"));
  }
  for (const [i, format] of [[1, "csv"], [2, "json"]]) {
    const link = host.children[i];
    setAttr(link, "href", restricted ? null : address("export", { format, ...query }));
    setAttr(link, "aria-disabled", restricted ? "true" : null);
    setAttr(link, "role", restricted ? "link" : null);
    link.setAttribute("aria-label", t("export.named", { format: format.toUpperCase() }));
    link.title = restricted ? t("export.restricted") : t("export.title");
  }
}
