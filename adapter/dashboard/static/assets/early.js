// Runs before the first paint, as a classic script: a remembered theme must not flash the other one first.
(() => {
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be refused in a frame; the system's theme it is.
  }
})();
