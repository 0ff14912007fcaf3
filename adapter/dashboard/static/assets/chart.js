// A chart over time: uPlot in a panel, with our own tooltip, ticks, summary and table. Bars stacked, or lines with gaps.

import { h, setAttr, setChildren, word } from "./dom.js";
import { timeTicks, timeWords, valueTicks } from "./axis.js";
import { barSeries, lineSeries, stackUp, cssColor } from "./paint.js";
import { onLanguage, t } from "./i18n.js";
import { onTheme } from "./theme.js";
import { zone } from "./format.js";
import { dataTable } from "./charttable.js";
import { stepSeconds, swatch } from "./chartwords.js";
import { tooltip } from "./tooltip.js";

const syncKey = "time";

/**
 * Builds a chart into the body of a panel. kind: "bars" or "lines"; format: how a value reads; ticks: options of valueTicks;
 * name: the key of its title. Returns { update(points, step, series, summary) }; a series is
 * { label, color (custom property), values, pattern?, dashed?, thin?, mark? }.
 */
export function timeChart(frame, { kind, format, ticks, name }) {
  const plot = h("div", { class: "plot", role: "img", tabindex: "0" });
  const legend = h("ul", { class: "legend" });
  const table = h("div", { class: "chart-table", hidden: true, tabindex: "0", role: "group", "data-t-label": name });
  const zoneNote = h("span", { class: "zone" });
  const toggle = word("button", "chart.table", { type: "button", class: "link", "aria-expanded": "false" });
  const box = h("div", { class: "plot-box" }, plot, table);
  const tip = tooltip(box, plot);
  frame.body.replaceChildren(legend, box, h("div", { class: "chart-foot" }, zoneNote, toggle));

  let chart = null;
  let shape = "";
  let now = null;

  toggle.addEventListener("click", () => {
    table.hidden = !table.hidden;
    plot.classList.toggle("covered", !table.hidden);
    setAttr(plot, "aria-hidden", table.hidden ? null : "true");
    setAttr(plot, "tabindex", table.hidden ? "0" : "-1");
    toggle.setAttribute("aria-expanded", String(!table.hidden));
    toggle.dataset.t = table.hidden ? "chart.table" : "chart.picture";
    toggle.textContent = t(toggle.dataset.t);
    if (!table.hidden) dataTable(table, now, format);
  });
  plot.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") drag(event, chart, tip);
  });
  plot.addEventListener("keydown", (event) => walk(event, chart, tip));
  plot.addEventListener("blur", () => tip.hide());
  new ResizeObserver(() => {
    if (chart && plot.clientWidth > 0) chart.setSize({ width: plot.clientWidth, height: plot.clientHeight });
  }).observe(plot);
  onTheme(() => rebuild());
  onLanguage(() => rebuild());
  whenPlotter(draw, () => {
    if (table.hidden) toggle.click();
  });

  function update(points, step, series, summary) {
    const half = stepSeconds[step] / 2;
    const starts = points.map((point) => Date.parse(point.start) / 1000);
    now = { step, series, starts, middles: starts.map((at) => at + half), half };
    setAttr(plot, "aria-label", summary);
    setChildren(legend, series.map((one) => h("li", { title: one.hint ?? null }, swatch(one, kind), h("span", null, one.label), one.sum ? h("b", null, one.sum) : null)));
    zoneNote.textContent = t("chart.zone", { zone: zone() });
    if (!table.hidden) dataTable(table, now, format);
    draw();
  }

  function rebuild() {
    shape = "";
    draw();
  }

  function draw() {
    if (!now || !window.uPlot || plot.clientWidth === 0) return;
    const data = [now.middles, ...(kind === "bars" ? stackUp(now.series) : now.series.map((one) => one.values))];
    const nowShape = JSON.stringify([now.step, now.starts.length, now.series.map((one) => [one.label, one.color])]);
    tip.use(now, format, kind);
    if (chart && shape === nowShape) {
      chart.setData(data);
      return;
    }
    chart?.destroy();
    shape = nowShape;
    chart = new window.uPlot(options(), data, plot);
  }

  function options() {
    return {
      width: plot.clientWidth,
      height: plot.clientHeight,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        move: (u, left, top) => [left < 0 || !u.data[0].length ? left : u.valToPos(u.data[0][u.posToIdx(left)], "x"), top],
        sync: { key: syncKey, scales: ["x", null] },
        points: kind === "bars" ? { show: false } : { size: 7 },
        bind: { dblclick: () => null },
      },
      scales: {
        x: { time: true, range: () => [now.starts[0], now.starts.at(-1) + 2 * now.half] },
        y: { range: () => [0, valueTicks(highest(), ticks).at(-1)] },
      },
      axes: [xAxis(), yAxis()],
      series: [{}, ...(kind === "bars" ? barSeries(now.series) : now.series.map(lineSeries))],
      hooks: { setCursor: [(u) => tip.follow(u)] },
    };
  }

  function highest() {
    const stacks = kind === "bars" ? stackUp(now.series).slice(0, 1) : now.series.map((one) => one.values);
    return stacks.flat().reduce((max, value) => Math.max(max, value ?? 0), 0);
  }

  function xAxis() {
    return {
      ...axisLook(),
      size: 28,
      grid: { show: false },
      ticks: { show: true, size: 4, width: 1, stroke: () => cssColor("--line-strong") },
      splits: (u, i, from, to) => timeTicks(from, to, u.width < 420 ? 4 : 5, now.step === "day"),
      values: (u, splits) => timeWords(splits, u.scales.x.max - u.scales.x.min),
    };
  }

  function yAxis() {
    return {
      ...axisLook(),
      size: (u, values) => 14 + Math.max(20, ...(values ?? []).map((text) => text.length * 7)),
      grid: { show: true, width: 1, stroke: () => cssColor("--line") },
      ticks: { show: false },
      splits: () => valueTicks(highest(), ticks),
      values: (u, splits) => splits.map((value) => format(value, true)),
    };
  }

  return { update };
}

function axisLook() {
  return { stroke: () => cssColor("--muted"), font: `12px ${getComputedStyle(document.body).fontFamily}`, gap: 6 };
}

// The cursor by keyboard: the tooltip is for everybody.
function walk(event, chart, tip) {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!way || !chart) return;
  event.preventDefault();
  const last = chart.data[0].length - 1;
  const index = Math.max(0, Math.min(last, (chart.cursor.idx ?? (way > 0 ? -1 : last + 1)) + way));
  tip.show();
  chart.setCursor({ left: chart.valToPos(chart.data[0][index], "x"), top: 20 }, true, true);
}

// A finger does not hover: it draws the cursor along.
function drag(event, chart, tip) {
  if (!chart) return;
  tip.show();
  chart.setCursor({ left: event.clientX - chart.over.getBoundingClientRect().left, top: 20 }, true, true);
}

// The page is usable before the plotter has arrived, and without it there are still the tables.
function whenPlotter(ready, failed) {
  const script = document.getElementById("plotter");
  if (window.uPlot) ready();
  else script.addEventListener("load", ready);
  script.addEventListener("error", failed);
}
