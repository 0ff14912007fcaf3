// The details of one request, in a panel from the right: every field, and the attempts as bars in time.

import { h } from "./dom.js";
import { copyButton } from "./copy.js";
import { absolute, duration, exact, money, none, relative } from "./format.js";
import { known, onLanguage, t } from "./i18n.js";
import { accountLabel } from "./names.js";
import { kindWord, outcomeMark } from "./outcomes.js";
import { accountName, modelName } from "./rows.js";
import { sidePanel } from "./side.js";

/** Makes the panel; returns open(row) and isOpen(). onClose is called when it has closed. */
export function makeDetail(onClose) {
  const side = sidePanel("detail", "detail.title", () => {
    shown = null;
    onClose();
  });
  let shown = null;
  const render = () => {
    if (shown) side.body.replaceChildren(...content(shown));
  };
  onLanguage(render);
  return {
    isOpen: side.isOpen,
    open: (row) => {
      shown = row;
      render();
      side.open();
    },
  };
}

function content(row) {
  return [
    h("div", { class: "detail-head" }, outcomeMark(row.outcome), h("p", null, t("outcome_note." + row.outcome) === "outcome_note." + row.outcome ? "" : t("outcome_note." + row.outcome))),
    h("div", { class: "request-id" }, h("code", null, row.request_id), copyButton(() => row.request_id, "detail.copy_id")),
    fieldList([
      ["began", `${absolute(row.began)} · ${relative(row.began)}`],
      ["model", modelName(row)],
      ["endpoint", row.endpoint || none],
      ["status", row.status ? String(row.status) : none],
      ["stream", t(row.stream ? "yes" : "no")],
      ["access_token", row.access_token || none],
      ["account", accountName(row)],
      ["tokens_in", exact(row.prompt_tokens)],
      ["tokens_out", exact(row.completion_tokens)],
      ["usage", known("usage." + row.usage) ? t("usage." + row.usage) : row.usage],
      ["cost", money(row.cost_usd)],
      ["first", row.first_ms === null ? none : duration(row.first_ms), row.first_ms === null ? null : `${exact(row.first_ms)} ms`],
      ["duration", duration(row.duration_ms), `${exact(row.duration_ms)} ms`],
      ["attempts", exact(row.attempts)],
      ["continued", t(row.continued ? "yes" : "no")],
    ]),
    h("h3", null, t("detail.tries")),
    triesOf(row),
  ];
}

function fieldList(fields) {
  return h("dl", { class: "fields" }, fields.map(([name, value, title]) => h("div", null, h("dt", null, t("detail." + name)), h("dd", { title: title ?? null }, value))));
}

function triesOf(row) {
  const tries = row.tries ?? [];
  if (tries.length === 0) return h("p", { class: "hint" }, t(row.attempts > 0 ? "detail.tries_unknown" : "detail.no_tries"));
  const end = Math.max(row.duration_ms, ...tries.map((one) => one.began_ms + one.took_ms), 1);
  const choices = tries.some((one) => one.choice > 0);
  return h("ol", { class: "tries" }, tries.map((one) => tryLine(one, end, choices)));
}

function tryLine(one, end, choices) {
  const ok = one.result === "ok";
  const fill = h("span", { class: "fill" });
  fill.style.left = `${(one.began_ms / end) * 100}%`;
  fill.style.width = `${Math.max((one.took_ms / end) * 100, 0.8)}%`;
  const session = "session." + one.session;
  return h("li", { "data-mood": ok ? "good" : "bad" },
    h("div", { class: "try-head" },
      h("strong", null, h("span", { "aria-hidden": "true" }, ok ? "✓ " : "✗ "), ok ? t("detail.ok") : kindWord(one.result)),
      h("span", { class: "try-time" }, t("detail.took", { began: duration(one.began_ms), took: duration(one.took_ms) }))),
    h("span", { class: "track", "aria-hidden": "true" }, fill),
    h("div", { class: "try-more" }, [
      accountLabel(one.account_name) || one.account || none,
      known(session) ? t(session) : one.session,
      choices ? t("detail.choice", { n: one.choice + 1 }) : "",
    ].filter(Boolean).join(" · ")));
}
