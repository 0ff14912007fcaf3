// The bar: range, what the page is fed by, panels, language, theme, logout.

import { h, byId, setText } from "./dom.js";
import { post } from "./api.js";
import { startConnect } from "./connect.js";
import { relative } from "./format.js";
import { lang, onLanguage, setLanguage, t } from "./i18n.js";
import { connectionNow, onLive, stop } from "./live.js";
import { onData } from "./store.js";
import { nextTheme, theme } from "./theme.js";
import { everySecond } from "./times.js";
import { chosen, choose, onChoice, ranges } from "./view.js";

// On a phone the dot has room for a few words only.
const narrow = matchMedia("(max-width: 560px)");

/** Takes over the bar. */
export function startBar() {
  rangeSwitch();
  liveDot();
  startConnect(byId("open-connect"));
  byId("language").addEventListener("click", () => setLanguage(lang() === "zh" ? "en" : "zh"));
  themeButton();
  byId("logout").addEventListener("click", logout);
  onData("overview", ({ value }) => {
    if (value) setText(byId("version"), value.version);
  });
}

function rangeSwitch() {
  const buttons = Object.keys(ranges).map((range) => h("button", { type: "button", onclick: () => choose({ range }) }));
  byId("ranges").append(...buttons);
  const render = () => Object.keys(ranges).forEach((range, i) => {
    setText(buttons[i], t("range." + range));
    buttons[i].setAttribute("aria-pressed", String(chosen().range === range));
    buttons[i].title = t("range.in." + range);
  });
  onChoice(render);
  onLanguage(render);
  render();
}

function liveDot() {
  const button = byId("live");
  const text = byId("live-text");
  let said = "";
  const render = () => {
    const connection = connectionNow();
    const mode = chosen().paused ? "paused" : connection.mode;
    button.dataset.mode = mode;
    button.setAttribute("aria-pressed", String(chosen().paused));
    button.title = t(chosen().paused ? "live.resume" : "live.pause");
    const updated = connection.updated ? relative(new Date(connection.updated).toISOString()) : "";
    setText(text, mode === "live" || mode === "polling" ? (updated ? t(narrow.matches ? "live.updated_short" : "live.updated", { ago: updated }) : t("live.connecting")) : t("live." + mode));
    setText(byId("live-name"), t("live.name." + mode));
    if (mode === said || mode === "connecting") return;
    // Spoken only when it changes, and not for the first time.
    if (said) setText(byId("spoken"), t("live.name." + mode));
    said = mode;
  };
  button.addEventListener("click", () => choose({ paused: !chosen().paused }));
  onLive("connection", render);
  onChoice(render);
  onLanguage(render);
  everySecond(render);
  render();
}

function themeButton() {
  const button = byId("theme");
  const render = () => {
    button.dataset.theme = theme();
    button.title = t("theme." + theme());
    button.setAttribute("aria-label", t("theme." + theme()));
  };
  button.addEventListener("click", () => {
    nextTheme();
    render();
  });
  onLanguage(render);
  render();
}

async function logout() {
  stop();
  try {
    await post("logout");
  } catch {
    // Without an answer the cookie may still stand; the reload shows which it is.
  }
  location.reload();
}
