// The figures of a chart as a table: for who cannot see the picture, or wants to read it exactly.

import { h } from "./dom.js";
import { stepWords } from "./chartwords.js";
import { none } from "./format.js";
import { t } from "./i18n.js";

/** Fills host with the table, newest first; steps in which nothing happened are left out. */
export function dataTable(host, data, format) {
  if (!data) return;
  const rows = [];
  for (let i = data.starts.length - 1; i >= 0; i--) {
    if (data.series.every((one) => one.values[i] === null)) continue;
    rows.push(h("tr", null, h("th", { scope: "row" }, stepWords(data.starts[i], data.step)),
      data.series.map((one) => h("td", null, one.values[i] === null ? none : format(one.values[i])))));
  }
  const head = h("tr", null, h("th", { scope: "col" }, t("chart.time")), data.series.map((one) => h("th", { scope: "col" }, one.label)));
  host.replaceChildren(h("table", { class: "figures" }, h("thead", null, head), h("tbody", null, rows)));
}
