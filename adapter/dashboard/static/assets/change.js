// A figure against the same figure in the range before: arrow, colour, and words for who sees neither.

import { h } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./i18n.js";
import { chosen } from "./view.js";

// What a rise means. Volume is neither good nor bad; it gets the accent.
const moods = { volume: ["plain", "plain"], rate: ["good", "bad"], time: ["bad", "good"], cost: ["plain", "plain"] };

/** The mark of a change; grey where there is nothing to compare with, or nothing changed. */
export function change(now, before, { kind }) {
  const known = typeof now === "number" && typeof before === "number";
  if (!known || (before === 0 && kind !== "rate")) return mark("none", "", t("change.none"), t("change.none_title", { range: t("range.before." + chosen().range) }));
  const difference = kind === "rate" ? now - before : (now - before) / before;
  const text = kind === "rate" ? t("change.points", { v: percent(Math.abs(difference)).replace("%", "") }) : percent(Math.min(Math.abs(difference), 99.99), Math.abs(difference) < 0.1 ? 1 : 0);
  const title = t("change.title", { range: t("range.before." + chosen().range) });
  if (Math.abs(difference) < 0.0005) return mark("none", "", t("change.same"), title);
  const [up, down] = moods[kind];
  return difference > 0 ? mark(up, "↑", text, title, t("change.up")) : mark(down, "↓", text, title, t("change.down"));
}

function mark(mood, arrow, text, title, spoken = "") {
  return h("span", { class: "delta", "data-mood": mood, title },
    arrow ? h("span", { "aria-hidden": "true" }, arrow) : null,
    spoken ? h("span", { class: "sr" }, spoken + " ") : null,
    text);
}
