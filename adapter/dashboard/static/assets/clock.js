// The server's clock as the page knows it: a countdown must not lie because the reader's clock is wrong.

let skew = 0;

/** Notes a time that the server has just written. */
export function noteServerTime(iso) {
  const at = Date.parse(iso ?? "");
  if (Number.isFinite(at)) skew = at - Date.now();
}

/** Now, in milliseconds, by the server's clock. */
export function now() {
  return Date.now() + skew;
}
