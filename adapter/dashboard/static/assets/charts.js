// The three charts over time: requests by outcome, tokens, latency.

import { h, byId } from "./dom.js";
import { compact, duration, exact, percent } from "./format.js";
import { onLanguage, t } from "./i18n.js";
import { glyph, outcomes, outcomeWord, successOf, sumOf } from "./outcomes.js";
import { panel, showResource } from "./panel.js";
import { onData, refetch, resource, setBusy } from "./store.js";
import { stepWords } from "./chartwords.js";
import { timeChart } from "./chart.js";
import { chosen, choose, onChoice, ranges, step } from "./view.js";

const patterns = { upstream_cut: "stripes", internal_error: "cross", rejected: "dots", no_account: "stripes", overloaded: "dots" };
const counts = (value, axis) => (axis ? compact(value) : exact(value));

/** Takes over the panels of the charts. */
export function startCharts() {
  const requests = chartPanel("p-requests", { kind: "bars", format: counts, ticks: {}, name: "chart.requests" }, requestSeries);
  const tokens = chartPanel("p-tokens", { kind: "bars", format: counts, ticks: {}, name: "chart.tokens" }, tokenSeries);
  const latency = chartPanel("p-latency", { kind: "lines", format: duration, ticks: { ms: true }, name: "chart.latency" }, latencySeries);
  const all = [requests, tokens, latency];
  onData("series", (own) => all.forEach((one) => one(own)));
  onLanguage(() => all.forEach((one) => one(resource("series"))));
  stepSwitch();
}

function chartPanel(id, look, seriesOf) {
  const frame = panel(id, "chart");
  const chart = timeChart(frame, look);
  const retry = () => {
    setBusy("series");
    refetch("series");
  };
  return (own) => {
    const isEmpty = (value) => value.points.every((point) => point.outcomes === null);
    const emptyInfo = { key: "chart.empty", values: { range: t("range.in." + chosen().range) } };
    if (!showResource(frame, own, isEmpty, emptyInfo, retry)) return;
    const { points, step: width } = own.value;
    const { series, summary } = seriesOf(points, width);
    chart.update(points, width, series, `${t(look.name)}. ${t("range.in." + own.value.range)}. ${summary}`);
  };
}

function requestSeries(points, width) {
  const sums = {};
  for (const point of points) for (const [outcome, n] of Object.entries(point.outcomes ?? {})) sums[outcome] = (sums[outcome] ?? 0) + n;
  const present = outcomes.filter((outcome) => sums[outcome] > 0);
  const series = present.map((outcome) => ({
    label: outcomeWord(outcome),
    color: `--o-${outcome}`,
    pattern: patterns[outcome],
    sum: compact(sums[outcome]),
    hint: exact(sums[outcome]),
    mark: () => glyph(outcome),
    values: points.map((point) => (point.outcomes === null ? null : (point.outcomes[outcome] ?? 0))),
  }));
  const peak = points.reduce((best, point) => (sumOf(point.outcomes) > sumOf(best.outcomes) ? point : best), points[0]);
  const summary = t("summary.requests", {
    n: exact(sumOf(sums)),
    peak: exact(sumOf(peak.outcomes)),
    at: stepWords(Date.parse(peak.start) / 1000, width),
    rate: percent(successOf(sums).rate),
  });
  return { series, summary };
}

function tokenSeries(points) {
  const of = (name) => points.map((point) => (point.outcomes === null ? null : point[name]));
  const inSum = points.reduce((sum, point) => sum + point.prompt_tokens, 0);
  const outSum = points.reduce((sum, point) => sum + point.completion_tokens, 0);
  const series = [
    { label: t("tokens.in"), color: "--series-1", sum: compact(inSum), hint: exact(inSum), values: of("prompt_tokens") },
    { label: t("tokens.out"), color: "--series-2", sum: compact(outSum), hint: exact(outSum), values: of("completion_tokens") },
  ];
  return { series, summary: t("summary.tokens", { in: exact(inSum), out: exact(outSum) }) };
}

function latencySeries(points) {
  const of = (what, part) => points.map((point) => point[what]?.[part] ?? null);
  const series = [
    { label: t("latency.first_p50"), color: "--series-1", values: of("first_ms", "p50") },
    { label: t("latency.first_p95"), color: "--series-1", dashed: true, thin: true, values: of("first_ms", "p95") },
    { label: t("latency.total_p50"), color: "--series-2", values: of("duration_ms", "p50") },
    { label: t("latency.total_p95"), color: "--series-2", dashed: true, thin: true, values: of("duration_ms", "p95") },
  ];
  const newest = (values) => duration(values.findLast((value) => value !== null) ?? NaN);
  return { series, summary: t("summary.latency", { first: newest(series[0].values), total: newest(series[2].values) }) };
}

// By hour or by day, where the range leaves the choice.
function stepSwitch() {
  const group = byId("steps");
  const render = () => {
    const { steps } = ranges[chosen().range];
    group.hidden = steps.length < 2;
    group.replaceChildren(...[...steps].sort((a, b) => (a === "hour" ? -1 : 1)).map((one) => h("button", {
      type: "button",
      "aria-pressed": String(one === step()),
      onclick: () => choose({ step: one }),
    }, t("step." + one))));
  };
  onLanguage(render);
  onChoice((changed) => {
    if (!changed.has("range") && !changed.has("step")) return;
    const focused = group.contains(document.activeElement);
    render();
    if (focused) group.querySelector("[aria-pressed=true]")?.focus();
    if (changed.has("step") && !changed.has("range")) {
      setBusy("series");
      refetch("series");
    }
  });
  render();
}
