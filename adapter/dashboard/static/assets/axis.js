// Where the ticks of charts stand: few, at round values, at round local times.

import { time } from "./format.js";

const minute = 60;
const hour = 3600;
const timeSteps = [5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 4 * hour, 6 * hour, 8 * hour, 12 * hour];
const daySteps = [1, 2, 3, 5, 7, 10, 14, 21, 28, 30];
const millis = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1200e3, 1800e3, 3600e3];

/** Up to most round values from 0 that cover max; whole numbers only when whole. */
export function valueTicks(max, { most = 5, whole = true, ms = false } = {}) {
  const wanted = Math.max(max, whole ? 1 : 1e-9) / (most - 1);
  let size = millis.find((candidate) => candidate >= wanted);
  if (!ms || size === undefined) {
    const base = 10 ** Math.floor(Math.log10(wanted));
    size = [1, 2, 2.5, 5, 10].map((f) => f * base).find((candidate) => candidate >= wanted * 0.9999 && (!whole || Number.isInteger(candidate))) ?? Math.ceil(10 * base);
  }
  const ticks = [0];
  while (ticks.at(-1) < max || ticks.length < 2) ticks.push(ticks.length * size);
  return ticks;
}

/** Up to most round local times (seconds) between from and to; in the middle of days where a bar is a day. */
export function timeTicks(from, to, most, byDay) {
  const span = to - from;
  const step = timeSteps.find((candidate) => span / candidate <= most);
  const ticks = [];
  if (step && span <= 2.5 * 86400 && !byDay) {
    // Counted from local midnight, so that they are round in zones with half hours too.
    for (let at = midnight(from); at <= to; at += step) if (at >= from) ticks.push(at);
    return ticks;
  }
  const days = daySteps.find((candidate) => span / (candidate * 86400) <= most) ?? 45;
  const day = new Date(midnight(to - 1) * 1000);
  if (byDay) day.setHours(12);
  while (day.getTime() / 1000 >= from) {
    ticks.unshift(day.getTime() / 1000);
    day.setDate(day.getDate() - days);
  }
  return ticks;
}

/** The words at those times: hours, or days, with the day where one begins. */
export function timeWords(ticks, span) {
  return ticks.map((at) => {
    const days = span > 2.5 * 86400 || at === midnight(at);
    return time(at * 1000, days ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" });
  });
}

function midnight(seconds) {
  const day = new Date(seconds * 1000);
  day.setHours(0, 0, 0, 0);
  return day.getTime() / 1000;
}
