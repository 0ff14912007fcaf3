// The accounts: state and its reason, what they did in the range, and the two actions.

import { h, byId, setChildren, word } from "./dom.js";
import { compact, exact, none } from "./format.js";
import { onLanguage, t } from "./i18n.js";
import { accountLabel } from "./names.js";
import { kindWord } from "./outcomes.js";
import { panel, showResource } from "./panel.js";
import { onData, refetch, resource, setBusy } from "./store.js";
import { everySecond, leftWords, timeAgo } from "./times.js";
import { act, resultOf, runs } from "./accountacts.js";

const columns = ["account", "state", "in_flight", "requests", "failures", "tokens", "last_used", "actions"];

/** Takes over the panel of accounts. */
export function startAccounts() {
  const frame = panel("p-accounts", 3);
  const body = h("tbody");
  const head = h("tr", null, columns.map((name) => word("th", "accounts." + name, { scope: "col", class: "c-" + name })));
  frame.body.append(h("table", { class: "rows accounts" }, h("thead", null, head), body));
  const lines = new Map();
  const retry = () => {
    setBusy("accounts");
    refetch("accounts");
  };
  const render = () => {
    const own = resource("accounts");
    const hint = h("p", { class: "hint" }, t("accounts.empty_hint"));
    if (!showResource(frame, own, (value) => value.accounts.length === 0, { key: "accounts.empty", hint }, retry)) return;
    const restricted = resource("overview").value?.restricted ?? false;
    const { accounts } = own.value;
    for (const [id, line] of lines) {
      if (accounts.some((account) => account.id === id)) continue;
      line.el.remove();
      lines.delete(id);
    }
    accounts.forEach((account, i) => {
      if (!lines.has(account.id)) lines.set(account.id, makeLine(account.id, render));
      const line = lines.get(account.id);
      line.render(account, restricted);
      if (body.children[i] !== line.el) body.insertBefore(line.el, body.children[i] ?? null);
    });
    byId("accounts-note").textContent = restricted ? t("accounts.restricted") : "";
  };
  onData("accounts", render);
  onData("overview", render);
  onLanguage(() => {
    for (const line of lines.values()) line.el.remove();
    lines.clear();
    render();
  });
  everySecond(() => lines.forEach((line) => line.tick()));
}

// One line lives as long as its account does, so that a press on its buttons is never lost to a redraw.
function makeLine(id, again) {
  const name = h("th", { scope: "row", class: "c-account" });
  const cells = Object.fromEntries(columns.slice(1).map((column) => [column, h("td", { class: "c-" + column, "data-label": t("accounts." + column) })]));
  const stateMark = h("span");
  const reason = h("span", { class: "reason" });
  const result = h("p", { class: "result", role: "status" });
  const test = h("button", { type: "button", class: "button small", onclick: () => act(id, "test", again) });
  const back = h("button", { type: "button", class: "button small", onclick: () => act(id, "put-back", again) });
  cells.state.append(stateMark, reason);
  cells.actions.append(h("div", { class: "acts" }, test, back), result);
  const el = h("tr", null, name, Object.values(cells));
  let shown = null;

  function render(account, restricted) {
    shown = account;
    const label = accountLabel(account.name);
    const title = [label, account.credential].filter(Boolean).join(" · ") || account.id;
    setChildren(name, h("span", { class: "name", title }, label || account.credential || account.id),
      account.name && account.credential ? h("small", { title: account.credential }, account.credential) : null);
    const state = account.configured === false ? "gone" : account.state || "ready";
    setChildren(stateMark, h("span", { class: "state", "data-state": state }, h("i", { "aria-hidden": "true" }), h("span", null, t("state." + state))));
    tick();
    cells.in_flight.textContent = account.configured === false ? none : account.max_concurrency > 0 ? `${exact(account.in_flight)} / ${exact(account.max_concurrency)}` : exact(account.in_flight);
    put(cells.requests, account.requests);
    put(cells.failures, account.failures);
    cells.failures.classList.toggle("failed", account.failures > 0);
    put(cells.tokens, account.prompt_tokens + account.completion_tokens);
    cells.tokens.title = t("tokens.both", { in: exact(account.prompt_tokens), out: exact(account.completion_tokens) });
    setChildren(cells.last_used, timeAgo(account.last_used));
    renderActs(account, restricted);
  }

  function renderActs(account, restricted) {
    const running = runs(id);
    test.hidden = account.configured === false;
    back.hidden = account.configured === false || account.state === "ready";
    for (const [button, verb] of [[test, "test"], [back, "put-back"]]) {
      button.textContent = t(running === verb ? "act.running." + verb : "act." + verb);
      button.setAttribute("aria-label", `${button.textContent}: ${accountLabel(account.name) || account.credential || account.id}`);
      // Not disabled while it runs: that would throw the focus away.
      button.setAttribute("aria-disabled", String(restricted || running !== ""));
      button.title = restricted ? t("accounts.restricted") : t("act.title." + verb);
    }
    const said = resultOf(id);
    result.hidden = !said;
    if (!said) return;
    result.dataset.mood = said.mood;
    const text = said.words();
    if (result.textContent !== text) result.textContent = text;
    result.title = said.title;
  }

  function tick() {
    if (!shown) return;
    const why = shown.why ? kindWord(shown.why) : "";
    const left = ["cooling", "resting"].includes(shown.state) && shown.until ? leftWords(shown.until) : "";
    const text = [left, why].filter(Boolean).join(t("state.joint"));
    if (reason.textContent !== text) reason.textContent = text;
  }
  return { el, render, tick };
}

function put(cell, n) {
  cell.textContent = compact(n);
  cell.title = exact(n);
}
