// Figures and times as people read them. What is not known is a dash, never NaN or "Invalid Date".

import { lang, locale, t } from "./i18n.js";
import { now } from "./clock.js";

/** What stands where there is nothing to say. */
export const none = "–";

const made = new Map();

/** A whole number in full: 12,413. */
export function exact(n) {
  return valid(n) ? number({ maximumFractionDigits: 0 }).format(n) : none;
}

/** A number short enough for a card: 9,876, then 12.4k, 1.24M, 3.1B. The exact one belongs into a title. */
export function compact(n) {
  if (!valid(n)) return none;
  if (Math.abs(n) < 9999.5) return exact(n);
  for (const [unit, sign] of [[1e3, "k"], [1e6, "M"], [1e9, "B"]]) {
    const value = n / unit;
    const digits = Math.abs(value) < 9.995 ? 2 : 1;
    if (Math.abs(value) < 999.95 || sign === "B") return number({ maximumFractionDigits: digits }).format(value) + sign;
  }
  return none;
}

/** A share between 0 and 1 as a percentage: 97.3%; never 100% while something is missing. */
export function percent(share, digits = 1) {
  if (!valid(share)) return none;
  const step = 10 ** -(digits + 2);
  let value = share;
  if (share < 1 && share > 1 - step) value = 1 - step;
  if (share > 0 && share < step / 2) return "<" + percentage(digits).format(step);
  return percentage(digits).format(value);
}

/** Dollars: $12.40, $0.012, and below a hundredth of a cent only that it is less. */
export function money(usd) {
  if (!valid(usd)) return none;
  const size = Math.abs(usd);
  if (size >= 1e5) return "$" + compact(usd);
  if (size === 0 || size >= 1) return currency(2, 2).format(usd);
  if (size < 0.0001) return "<" + currency(4, 4).format(0.0001);
  return currency(2, size < 0.01 ? 4 : 3).format(usd);
}

/** A duration: 340 ms, 2.0 s, 1 min 5 s, 2 h 3 min. short: 2 s, for axes and countdowns. */
export function duration(ms, short = false) {
  if (!valid(ms)) return none;
  if (ms < 999.5) return t("unit.ms", { v: exact(ms) });
  if (ms < 59950) return t("unit.s", { v: number({ minimumFractionDigits: short ? 0 : 1, maximumFractionDigits: 1 }).format(ms / 1000) });
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return t("unit.min_s", { m: Math.floor(seconds / 60), s: seconds % 60 });
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return t("unit.h_min", { h: Math.floor(minutes / 60), m: minutes % 60 });
  const hours = Math.round(minutes / 60);
  return t("unit.d_h", { d: Math.floor(hours / 24), h: hours % 24 });
}

/** How long ago, or in what time: "2 min ago". */
export function relative(iso) {
  const at = Date.parse(iso ?? "");
  if (!Number.isFinite(at)) return none;
  const seconds = Math.round((now() - at) / 1000);
  const size = Math.abs(seconds);
  if (size < 2) return t("time.now");
  const [unit, length] = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].find(([, limit]) => size >= limit);
  return t(`time.${seconds < 0 ? "in" : "ago"}_${unit}`, { n: exact(Math.floor(size / length)) });
}

/** A moment in full, in the reader's time zone, with its offset then. */
export function absolute(iso) {
  const words = time(iso, { dateStyle: "medium", timeStyle: "medium" });
  return words === none ? none : `${words} ${offset(Date.parse(iso))}`;
}

/** A moment with parts of one's own choosing. */
export function time(iso, options) {
  const at = typeof iso === "number" ? iso : Date.parse(iso ?? "");
  if (!Number.isFinite(at)) return none;
  const key = "time" + JSON.stringify(options);
  return cached(key, () => new Intl.DateTimeFormat(locale(), { ...options, ...(options.hour || options.timeStyle ? { hourCycle: "h23" } : {}) })).format(at);
}

/** The reader's time zone by name, with its offset: "Asia/Shanghai (GMT+8)". */
export function zone() {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  const part = offset(Date.now());
  return name && part && name !== part ? `${name} (${part})` : name || part;
}

// "GMT+8": the same in every language.
function offset(at) {
  const format = cached("offset", () => new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" }));
  return format.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
}

function valid(n) {
  return typeof n === "number" && Number.isFinite(n);
}

function number(options) {
  return cached("n" + JSON.stringify(options), () => new Intl.NumberFormat(locale(), options));
}

function percentage(digits) {
  return number({ style: "percent", maximumFractionDigits: digits });
}

function currency(least, most) {
  return number({ style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: least, maximumFractionDigits: most });
}

// Making an Intl object costs more than a hundred uses of it.
function cached(key, make) {
  const id = lang() + key;
  if (!made.has(id)) made.set(id, make());
  return made.get(id);
}
