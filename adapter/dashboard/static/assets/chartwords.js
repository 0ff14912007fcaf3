// What tooltip, table and legend of a chart share.

import { h } from "./dom.js";
import { time } from "./format.js";

/** The length of a step in seconds. */
export const stepSeconds = { minute: 60, hour: 3600, day: 86400 };

/** How a step reads in a tooltip or a table: "Nov 24, 14:00 – 15:00". */
export function stepWords(start, step) {
  if (step === "day") return time(start * 1000, { weekday: "short", month: "short", day: "numeric" });
  const clock = { hour: "2-digit", minute: "2-digit" };
  const from = time(start * 1000, { month: "short", day: "numeric", ...clock });
  return step === "minute" ? from : `${from} – ${time((start + stepSeconds[step]) * 1000, clock)}`;
}

/** The patch of colour that stands for a series. */
export function swatch(series, kind) {
  if (series.mark) return series.mark();
  const patch = h("span", { class: kind === "bars" ? "swatch" : `swatch line${series.dashed ? " dashed" : ""}`, "aria-hidden": "true" });
  patch.style.setProperty("--patch", `var(${series.color})`);
  return patch;
}
