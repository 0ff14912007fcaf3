// Language of the page: the catalogue, its choice, and the switch without a reload.
//
// Fixed text carries its key in the DOM (data-t, data-t-label, data-t-title), so the
// document itself is the register of what a switch has to rewrite. Text made of figures is rendered anew by
// whoever subscribed with onLanguage.

const catalogue = { en: {}, zh: {} };
const listeners = new Set();
let language = initial();
let plurals = new Intl.PluralRules(locale());

/** Adds words: { en: {key: text or {one, other}}, zh: {key: text} }. */
export function addWords(words) {
  Object.assign(catalogue.en, words.en);
  Object.assign(catalogue.zh, words.zh);
}

/** The language in use: "en" or "zh". */
export function lang() {
  return language;
}

/** The locale for Intl, with the reader's own region where it is of the same language. */
export function locale() {
  const own = (navigator.languages ?? []).find((tag) => tag.toLowerCase().startsWith(language));
  return own ?? (language === "zh" ? "zh-CN" : "en");
}

/** The text of key with {name} replaced by values.name; values.n chooses between one and other. */
export function t(key, values = {}) {
  const entry = catalogue[language][key] ?? catalogue.en[key];
  if (entry === undefined) return key;
  const text = typeof entry === "string" ? entry : (entry[plurals.select(Number(values.count ?? values.n))] ?? entry.other);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether key has words: kinds from the server may be newer than the page. */
export function known(key) {
  return key in catalogue.en;
}

// Writes the words of every element that names a key.
function translate() {
  for (const el of document.querySelectorAll("[data-t]")) el.textContent = t(el.dataset.t);
  for (const el of document.querySelectorAll("[data-t-label]")) el.setAttribute("aria-label", t(el.dataset.tLabel));
  for (const el of document.querySelectorAll("[data-t-title]")) el.title = t(el.dataset.tTitle);
}

/** Calls listener after every change of language. */
export function onLanguage(listener) {
  listeners.add(listener);
}

/** Switches the language, remembers it, rewrites the page. */
export function setLanguage(next) {
  language = next === "zh" ? "zh" : "en";
  try {
    localStorage.setItem("language", language);
  } catch {
    // Not remembered then; the switch itself still works.
  }
  apply();
  for (const listener of listeners) listener(language);
}

/** Brings document and language together; to be called once the words are there. */
export function apply() {
  plurals = new Intl.PluralRules(locale());
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  translate();
}

function initial() {
  try {
    const stored = localStorage.getItem("language");
    if (stored === "en" || stored === "zh") return stored;
  } catch {
    // As for a first visit.
  }
  return (navigator.languages ?? [navigator.language ?? "en"])[0]?.toLowerCase().startsWith("zh") ? "zh" : "en";
}
