// The four cards and the line of smaller figures below them.

import { h, s, byId, setChildren, setText, word } from "./dom.js";
import { change } from "./change.js";
import { compact, duration, exact, money, none, percent } from "./format.js";
import { onLanguage, t } from "./i18n.js";
import { successOf, sumOf } from "./outcomes.js";
import { panel, showResource } from "./panel.js";
import { onData, refetch, resource, setBusy } from "./store.js";
import { spark, thin } from "./spark.js";

const sparkSteps = 48;

/** Takes over the cards. */
export function startCards() {
  const frame = panel("p-overview", 5);
  const cards = {
    requests: card("card.requests"),
    success: card("card.success"),
    tokens: card("card.tokens"),
    first: card("card.first"),
  };
  const small = Object.fromEntries(["in_flight", "sessions", "accounts", "duration", "cost"].map((name) => [name, figure("small." + name)]));
  byId("cards").append(...Object.values(cards).map((one) => one.el));
  byId("small").append(...Object.values(small).map((one) => one.el));
  const retry = () => {
    setBusy("overview");
    refetch("overview");
  };
  const render = () => {
    const own = resource("overview");
    if (!showResource(frame, own, () => false, {}, retry)) return;
    fillCards(cards, own.value);
    fillSmall(small, own.value);
  };
  const sparks = () => {
    const points = resource("series").value?.points;
    if (points) fillSparks(cards, points);
  };
  onData("overview", render);
  onData("series", sparks);
  onLanguage(render);
}

function fillCards(cards, { totals, previous }) {
  const tokens = totals.prompt_tokens + totals.completion_tokens;
  put(cards.requests, compact(totals.requests), exact(totals.requests));
  cards.requests.more(totals.requests === 0 ? t("card.no_requests") : t("card.failures", { n: exact(totals.failures), count: totals.failures, attempts: exact(totals.attempts) }));
  cards.requests.change(change(totals.requests, previous?.requests, { kind: "volume" }));

  put(cards.success, percent(totals.success_rate), percent(totals.success_rate, 3));
  const good = (totals.outcomes?.completed ?? 0) + (totals.outcomes?.length ?? 0);
  cards.success.more(totals.success_rate === null ? t("card.nothing_judged") : t("card.success_of", { good: exact(good), judged: exact(good + totals.failures) }), t("card.success_note"));
  cards.success.change(change(totals.success_rate, previous?.success_rate, { kind: "rate" }));

  put(cards.tokens, compact(tokens), exact(tokens));
  cards.tokens.more(t("card.in_out", { in: compact(totals.prompt_tokens), out: compact(totals.completion_tokens) })
    + (totals.estimated_tokens > 0 ? " · " + t("card.estimated", { share: percent(totals.estimated_share, 0) }) : ""));
  cards.tokens.change(change(tokens, previous ? previous.prompt_tokens + previous.completion_tokens : null, { kind: "volume" }));

  put(cards.first, duration(totals.first_ms?.p50 ?? NaN), t("card.median"));
  cards.first.more(totals.first_ms ? t("card.p95", { v: duration(totals.first_ms.p95) }) : t("card.nothing_timed"));
  cards.first.change(change(totals.first_ms?.p50, previous?.first_ms?.p50, { kind: "time" }));
}

function fillSmall(small, { totals, previous, moment }) {
  small.in_flight.set(exact(moment?.in_flight ?? NaN));
  small.sessions.set(compact(moment?.sessions ?? NaN));
  const accounts = moment?.accounts;
  small.accounts.set(accounts ? t("small.of", { ready: exact(accounts.ready), total: exact(accounts.total) }) : none, null,
    accounts && accounts.ready === 0 ? "bad" : "");
  small.duration.set(totals.duration_ms ? t("small.median_p95", { median: duration(totals.duration_ms.p50), p95: duration(totals.duration_ms.p95) }) : none,
    change(totals.duration_ms?.p50, previous?.duration_ms?.p50, { kind: "time" }));
  small.cost.set(money(totals.cost_usd), change(totals.cost_usd, previous?.cost_usd, { kind: "cost" }));
}

function fillSparks(cards, points) {
  const of = (value) => points.map((point) => (point.outcomes === null ? null : value(point)));
  spark(cards.requests.svg, thin(points.map((point) => sumOf(point.outcomes)), sparkSteps, "sum"));
  spark(cards.success.svg, thin(of((point) => successOf(point.outcomes).rate), sparkSteps, "mean"), { rate: true });
  spark(cards.tokens.svg, thin(points.map((point) => point.prompt_tokens + point.completion_tokens), sparkSteps, "sum"));
  spark(cards.first.svg, thin(points.map((point) => point.first_ms?.p50 ?? null), sparkSteps, "mean"));
}

function put(one, text, title) {
  setText(one.value, text);
  one.value.title = title;
}

function card(key) {
  const value = h("p", { class: "big" }, none);
  const note = h("p", { class: "more" });
  const changed = h("p", { class: "change" });
  const svg = s("svg", { class: "spark", "aria-hidden": "true" });
  const el = h("article", { class: "card" }, h("div", { class: "card-row" }, word("h3", key), changed), h("div", { class: "card-row" }, value, svg), note);
  const more = (text, title = "") => {
    setText(note, text);
    note.title = title;
  };
  return { el, value, svg, more, change: (node) => setChildren(changed, node) };
}

function figure(key) {
  const value = h("span", { class: "small-value" }, none);
  const changed = h("span", { class: "change" });
  const el = h("div", null, word("dt", key), h("dd", null, value, changed));
  return {
    el,
    set: (text, changeNode = null, mood = "") => {
      setText(value, text);
      value.dataset.mood = mood;
      setChildren(changed, changeNode?.dataset.mood === "none" ? null : changeNode);
    },
  };
}
