// What uPlot draws with: colours from the custom properties, patterns, bars and lines.

/** The colour of a custom property as it is now. */
export function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Values of stacked series as heights, in the order of drawing: the highest stack first, each covered by the next. */
export function stackUp(series) {
  const heights = [];
  let below = null;
  for (const one of series) {
    const under = below;
    below = one.values.map((value, i) => (value === null ? null : value + (under?.[i] ?? 0)));
    heights.unshift(below);
  }
  return heights;
}

/** The bars of stacked series, in the order of drawing. */
export function barSeries(series) {
  // Many thin bars stand shoulder to shoulder: gaps of a fraction of a pixel would flicker.
  const share = (series[0]?.values.length ?? 0) > 100 ? 1 : 0.78;
  return [...series].reverse().map((one) => ({
    label: one.label,
    width: 0,
    fill: () => (one.pattern ? pattern(one.pattern, cssColor(one.color), cssColor("--surface")) : cssColor(one.color)),
    paths: window.uPlot.paths.bars({ size: [share, 36, 1] }),
    points: { show: false },
  }));
}

// Two faults of one colour family are told apart by stripes as well.
function pattern(kind, color, ground) {
  const size = 6 * devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const ctx = tile.getContext("2d");
  ctx.fillStyle = color;
  ctx.fillRect(0, 0, size, size);
  ctx.strokeStyle = ground;
  ctx.lineWidth = size / 5;
  const lines = { stripes: [[-1, 1, 1, -1], [0, 2, 2, 0]], cross: [[0, 0.5, 1, 0.5], [0.5, 0, 0.5, 1]], dots: [[0.3, 0.5, 0.7, 0.5]] }[kind] ?? [];
  for (const [x1, y1, x2, y2] of lines) {
    ctx.beginPath();
    ctx.moveTo(x1 * size, y1 * size);
    ctx.lineTo(x2 * size, y2 * size);
    ctx.stroke();
  }
  return ctx.createPattern(tile, "repeat");
}

/** A line with gaps; a lonely point between two gaps is shown as a dot. */
export function lineSeries(one) {
  return {
    label: one.label,
    stroke: () => cssColor(one.color),
    width: one.thin ? 1.25 : 2,
    dash: one.dashed ? [5, 4] : undefined,
    spanGaps: false,
    points: { show: true, size: 5, fill: () => cssColor(one.color), filter: (u, si) => lonely(u.data[si]) },
  };
}

function lonely(values) {
  const found = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  }
  return found;
}
