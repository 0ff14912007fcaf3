// The box beside a chart's cursor: the moment and every series' value in it. Only in the chart under the pointer;
// the other charts move their cursors along.

import { h } from "./dom.js";
import { stepWords, swatch } from "./chartwords.js";
import { exact } from "./format.js";
import { t } from "./i18n.js";

/** The tooltip of a plot, in the box around it: use(data, format, kind), follow(uPlot), show (by keyboard, spoken), hide. */
export function tooltip(around, plot) {
  const box = h("div", { class: "tip", hidden: true });
  let data = null;
  let format = exact;
  let kind = "lines";
  let active = false;
  around.append(box);
  plot.addEventListener("pointerenter", () => {
    active = true;
    box.removeAttribute("aria-live");
  });
  // A finger leaves with every tap; its tooltip stays until the next one elsewhere.
  plot.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") hide();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!plot.contains(event.target)) hide();
  });

  function hide() {
    active = false;
    box.hidden = true;
  }

  function follow(u) {
    const index = u.cursor.idx;
    if (!active || index === null || index === undefined || u.cursor.left < 0 || !data?.starts[index]) {
      box.hidden = true;
      return;
    }
    box.replaceChildren(h("div", { class: "tip-time" }, stepWords(data.starts[index], data.step)), ...lines(index));
    box.hidden = false;
    const left = u.valToPos(u.data[0][index], "x") + u.over.offsetLeft;
    const right = left + 12 + box.offsetWidth > plot.clientWidth;
    box.style.left = `${Math.max(0, right ? left - 12 - box.offsetWidth : left + 12)}px`;
    box.style.top = `${Math.max(0, Math.min(8, plot.clientHeight - box.offsetHeight))}px`;
  }

  function lines(index) {
    const shown = data.series.filter((one) => one.values[index] !== null && (kind === "lines" || one.values[index] > 0));
    if (shown.length === 0) return [h("div", { class: "tip-none" }, t("chart.nothing"))];
    const rows = [...shown].reverse().map((one) => row(swatch(one, kind), one.label, format(one.values[index])));
    if (kind === "bars" && shown.length > 1) rows.push(row("", t("chart.total"), format(shown.reduce((sum, one) => sum + one.values[index], 0))));
    return [h("table", null, h("tbody", null, kind === "lines" ? rows.reverse() : rows))];
  }

  return {
    hide,
    follow,
    show: () => {
      active = true;
      box.setAttribute("aria-live", "polite");
    },
    use: (...now) => {
      [data, format, kind] = now;
    },
  };
}

function row(mark, label, value) {
  return h("tr", null, h("td", { class: "tip-mark" }, mark), h("th", { scope: "row" }, label), h("td", { class: "tip-value" }, value));
}
