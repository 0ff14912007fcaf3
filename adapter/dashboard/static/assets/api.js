// Calls to the server. All addresses are relative: the page may live below a prefix.

/** A call that did not go well. code: the server's, or "network" when no answer came. */
class ApiError extends Error {
  constructor(status, code, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

let onLoggedOut = () => {};

/** Names who is told that the login has ended. */
export function whenLoggedOut(listener) {
  onLoggedOut = listener;
}

/** GET api/path with those parameters that have a value. */
export function get(path, params = {}, signal = undefined) {
  return call(address(path, params), { signal });
}

/** POST api/path with a JSON body. */
export function post(path, body = undefined) {
  const init = { method: "POST" };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  return call(address(path, {}), init);
}

/** The address of an API path, for links and streams too. */
export function address(path, params) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== "" && value !== null && value !== undefined) query.set(name, value);
  }
  const text = query.toString();
  return "api/" + path + (text ? "?" + text : "");
}

async function call(url, init) {
  let response;
  try {
    response = await fetch(url, { ...init, headers: { Accept: "application/json", ...init.headers } });
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    throw new ApiError(0, "network", String(cause.message ?? cause));
  }
  if (response.ok) {
    if (response.status === 204) return null;
    return response.json().catch(() => {
      throw new ApiError(response.status, "unreadable", "");
    });
  }
  const body = await response.json().catch(() => ({}));
  const error = new ApiError(response.status, body?.error?.code ?? "", body?.error?.message ?? "", Number(response.headers.get("Retry-After")) || 0);
  if (response.status === 401 && error.code !== "wrong_password") onLoggedOut();
  throw error;
}
