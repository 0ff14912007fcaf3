// Times that stay right: relative ones and countdowns, written anew each second while the page can be seen.

import { h, setText } from "./dom.js";
import { absolute, duration, none, relative } from "./format.js";
import { onLanguage, t } from "./i18n.js";
import { now } from "./clock.js";

const tickers = new Set();

/** A moment as "2 min. ago", with the absolute one on hover. */
export function timeAgo(iso) {
  if (!iso) return h("span", null, none);
  return h("time", { datetime: iso, title: absolute(iso), "data-ago": "" }, relative(iso));
}

/** How long until a moment, such as "42 s"; null when it has passed. */
export function until(iso) {
  const left = Date.parse(iso ?? "") - now();
  return Number.isFinite(left) && left > 0 ? duration(Math.ceil(left / 1000) * 1000, true) : null;
}

/** Calls tick once a second while the page can be seen, and after a switch of language. */
export function everySecond(tick) {
  tickers.add(tick);
}

function run() {
  if (document.hidden) return;
  for (const el of document.querySelectorAll("time[data-ago]")) setText(el, relative(el.dateTime));
  for (const tick of tickers) tick();
}

setInterval(run, 1000);
document.addEventListener("visibilitychange", run);
onLanguage(() => {
  for (const el of document.querySelectorAll("time[data-ago]")) el.title = absolute(el.dateTime);
  run();
});

/** Words for a state that ends: with the time left, or that it is about to end. */
export function leftWords(iso) {
  const left = until(iso);
  return left === null ? t("state.soon") : t("state.left", { left });
}
