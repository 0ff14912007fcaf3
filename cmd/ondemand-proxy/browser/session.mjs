// What every scenario needs: a browser, pages that note whatever goes wrong in them, a login, and the API beside the page.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

/** Where the program serves, the password of its dashboard, and the access token of its API. */
export const base = process.env.BASE_URL;
export const password = process.env.PASSWORD;
export const token = process.env.ACCESS_TOKEN;

/** Sizes of windows: a desk and a phone. */
export const desk = { viewport: { width: 1440, height: 900 } };
export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const patience = 30_000; // ms; Playwright waits so long for what it is asked for
const complaints = [];
const pages = [];

/**
 * Plays a scenario: play(open, browser), where open(options) gives a page in a context of its own. Options are those
 * of a context; allow: patterns of complaints that belong to the scenario, by which any other one makes it fail.
 */
export async function scenario(play, { args = [] } = {}) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage", ...args] });
  let failure = null;
  try {
    await play((options) => open(browser, options), browser);
    assert.deepEqual(complaints, [], "the browser complained");
  } catch (error) {
    failure = error;
    console.error(error.stack);
    for (const complaint of complaints) console.error("complaint:", complaint);
    for (const page of pages) await describe(page);
  }
  await browser.close();
  process.exit(failure ? 1 : 0);
}

async function open(browser, { allow = [], ...options } = {}) {
  const context = await browser.newContext({ locale: "en-US", timezoneId: "Asia/Shanghai", ...desk, ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  pages.push(page);
  const complain = (text) => {
    if (!allow.some((pattern) => pattern.test(text))) complaints.push(text);
  };
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.effectiveDirective} forbids ${event.blockedURI} ${event.sample}`));
  });
  page.on("console", (message) => {
    if (["error", "warning", "assert"].includes(message.type())) complain(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => complain(`error: ${error.stack}`));
  page.on("crash", () => complain("the page crashed"));
  page.on("dialog", (dialog) => {
    complain(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("requestfailed", (request) => {
    // A reload aborts what is on its way.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") complain(`request: ${request.failure()?.errorText} ${request.url()}`);
  });
  return page;
}

// What stood on a page when its scenario failed.
async function describe(page) {
  if (page.isClosed()) return;
  const text = await page.locator("body").ariaSnapshot({ timeout: 5000 }).catch(String);
  console.error(`${page.url()} shows\n${text.slice(0, 6000)}`);
  const folder = process.env.FAILURE_SHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${process.argv[1].split("/").pop()}-${pages.indexOf(page)}.png`, fullPage: true });
}

/** Opens the dashboard, logs in where that is needed, and waits for the figures. */
export async function enter(page, { at = "", secret = password, url = base } = {}) {
  await page.goto(`${url}/${at}`);
  await page.locator("input[type=password]").fill(secret);
  await page.locator("button[type=submit]").click();
  await shown(page);
}

/** Waits until the app stands there with its figures. */
export async function shown(page) {
  await page.locator("#p-overview[data-state=ready]").waitFor();
  await page.locator("#p-list:not([data-state=loading])").waitFor();
  await page.locator("#p-requests:not([data-state=loading])").waitFor();
}

/** The big figure of a card. */
export function card(page, name) {
  return page.getByRole("article").filter({ has: page.getByRole("heading", { name, exact: true }) }).locator(".big");
}

/** One of the smaller figures below the cards. */
export function figure(page, name) {
  return page.locator("#small > div").filter({ has: page.getByRole("term").filter({ hasText: name }) }).locator(".small-value");
}

/** The lines of the list of requests. */
export function lines(page) {
  return page.locator("table.requests tbody tr");
}

/** The button of the bar that switches the theme. */
export function themeSwitch(page) {
  return page.locator("#theme");
}

/** Reads until good says that it is, or equals what was wanted; fails with what and what was read last. */
export async function until(what, read, good, within = patience) {
  const holds = typeof good === "function" ? good : (value) => value === good;
  for (const deadline = Date.now() + within; ;) {
    const value = await read();
    if (holds(value)) return value;
    assert.ok(Date.now() < deadline, `${what}: after ${within} ms it is still ${JSON.stringify(value)}${typeof good === "function" ? "" : `, not ${JSON.stringify(good)}`}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Asks for a completion as a client does; returns status, request id, and when it had ended (ms). */
export async function chat(body = {}) {
  const response = await fetch(`${base}/v1/chat/completions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "hi" }], ...body }),
  });
  await response.text();
  return { status: response.status, id: response.headers.get("x-request-id"), ended: Date.now() };
}

/** What the dashboard's API answers, asked beside the page. */
export async function data(path) {
  const response = await fetch(`${base}/api/${path}`, { headers: { Authorization: `Bearer ${password}` } });
  assert.equal(response.status, 200, `GET api/${path}`);
  return response.json();
}

let answers = null;

/** Asks the test that plays this scenario to do something to the program, and waits until it is done. */
export async function ask(what) {
  answers ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  process.stdout.write(`::${what}\n`);
  const { value } = await answers.next();
  assert.equal(value, "done", `the test was asked for ${what}`);
}
