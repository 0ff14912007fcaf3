// Light, dark, or as the system has it. early.js applies what is remembered before the first paint.

const order = ["auto", "light", "dark"];
const listeners = new Set();

/** The choice in force: "auto", "light" or "dark". */
export function theme() {
  return document.documentElement.dataset.theme ?? "auto";
}

/** Goes on to the next choice and returns it. */
export function nextTheme() {
  const next = order[(order.indexOf(theme()) + 1) % order.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "auto") localStorage.removeItem("theme");
    else localStorage.setItem("theme", next);
  } catch {
    // Not remembered then.
  }
  for (const listener of listeners) listener(next);
  return next;
}

/** Calls listener when colours change, by choice or by the system. Canvases do not follow CSS by themselves. */
export function onTheme(listener) {
  listeners.add(listener);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const listener of listeners) listener(theme());
});
