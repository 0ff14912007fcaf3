// The small line in a card. It shows only the shape; the figures stand beside it and in the charts.

import { s } from "./dom.js";

const width = 120;
const height = 32;

/** Draws values (null: a gap) into an svg element. rate: not from zero, but from its own lowest value. */
export function spark(svg, values, { rate = false } = {}) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const seen = values.filter((value) => value !== null);
  if (seen.length === 0) {
    svg.replaceChildren();
    return;
  }
  const top = Math.max(...seen);
  const bottom = rate ? Math.min(...seen, top - 0.02) : 0;
  const x = (i) => (values.length === 1 ? width / 2 : (i / (values.length - 1)) * (width - 4) + 2);
  const y = (value) => height - 3 - (top === bottom ? 0 : ((value - bottom) / (top - bottom)) * (height - 6));
  const runs = [];
  values.forEach((value, i) => {
    if (value === null) return;
    if (i === 0 || values[i - 1] === null) runs.push([]);
    runs.at(-1).push(`${x(i).toFixed(1)} ${y(value).toFixed(1)}`);
  });
  svg.replaceChildren(...runs.map((points) => s("path", {
    class: points.length === 1 ? "spark-line spark-dot" : "spark-line",
    d: points.length === 1 ? `M${points[0]}h0.01` : "M" + points.join("L"),
    "vector-effect": "non-scaling-stroke",
  })));
}

/** Values in at most n steps, so that a small line stays a line: sum or mean of each step. */
export function thin(values, n, how) {
  if (values.length <= n) return values;
  const size = Math.ceil(values.length / n);
  const steps = [];
  for (let end = values.length; end > 0; end -= size) {
    const part = values.slice(Math.max(0, end - size), end).filter((value) => value !== null);
    const sum = part.reduce((a, b) => a + b, 0);
    steps.unshift(part.length === 0 ? null : how === "sum" ? sum : sum / part.length);
  }
  return steps;
}
