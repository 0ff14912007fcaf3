// What an operator must know before any figure: notices of the server, and a lost connection.

import { h, byId, setText, word } from "./dom.js";
import { now } from "./clock.js";
import { absolute, exact, relative } from "./format.js";
import { onLanguage, t } from "./i18n.js";
import { connectionNow, onLive } from "./live.js";
import { onData, resource } from "./store.js";
import { everySecond } from "./times.js";

const known = { no_accounts: "bad", config_broken: "bad", default_token: "warn", memory_only: "warn", restart_needed: "info", demo: "info" };
const patienceMs = 3000;
const badges = ["demo", "default_token", "memory_only"];

/** Takes over banners, badges and the line about the connection. */
export function startBanners() {
  let drawn = "";
  const render = () => {
    const overview = resource("overview").value;
    if (!overview) return;
    const notices = Object.keys(known).filter((notice) => overview.notices?.includes(notice));
    const lost = (overview.ledger?.dropped ?? 0) + (overview.ledger?.faults ?? 0);
    const drawing = JSON.stringify([notices, overview.config, overview.restricted, overview.ledger?.dropped, overview.ledger?.faults, t("notice.demo")]);
    if (drawing === drawn) return;
    drawn = drawing;
    const keys = overview.config?.need_restart?.join(", ") ?? "";
    const more = {
      default_token: overview.restricted ? t("notice.restricted") : "",
      config_broken: overview.config?.problem ?? "", // a sentence of the server: it names the place in the file
    };
    const lines = notices.map((notice) => banner(known[notice], t("notice." + notice, { keys }), more[notice]));
    if (overview.restricted && !notices.includes("default_token")) lines.push(banner("warn", t("notice.restricted")));
    if (lost > 0) lines.push(banner("warn", t("notice.ledger", { dropped: exact(overview.ledger.dropped), faults: exact(overview.ledger.faults) })));
    byId("banners").replaceChildren(...lines);
    byId("badges").replaceChildren(...badges.filter((badge) => notices.includes(badge)).map((badge) => word("span", "badge." + badge, { class: "badge", "data-mood": known[badge] })));
  };
  onData("overview", render);
  onLanguage(render);
  staleLine();
}

function banner(mood, text, more = "") {
  return h("p", { class: "banner", "data-mood": mood }, h("i", { "aria-hidden": "true" }, { bad: "!", warn: "!", info: "i" }[mood]), h("span", null, text, more ? " " + more : ""));
}

// While figures are old they are dimmed, and a line says since when.
function staleLine() {
  const line = byId("stale");
  const render = () => {
    const { mode, since } = connectionNow();
    document.documentElement.toggleAttribute("data-stale", mode === "lost");
    // A stream that is back within moments is not worth a line that moves the page.
    line.hidden = mode !== "lost" && !(mode === "polling" && now() - since > patienceMs);
    if (line.hidden) return;
    const at = new Date(since).toISOString();
    line.dataset.mood = mode === "lost" ? "bad" : "info";
    setText(line, mode === "lost" ? t("stale.lost", { at: absolute(at), ago: relative(at) }) : t("stale.polling"));
  };
  onLive("connection", render);
  onLanguage(render);
  everySecond(render);
}
