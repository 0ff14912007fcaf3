// Nothing but the form is served before the login; the right password opens the app, and logging out closes it for good.

import assert from "node:assert/strict";
import { base, password, scenario, shown } from "./session.mjs";

scenario(async (open, browser) => {
  const page = await open({ allow: [/status of 401 .*\/api\/(overview|login)/, /status of 401 .*\/assets\//] });
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const field = page.getByLabel("Password");

  await page.goto(base + "/");
  await page.getByRole("heading", { name: "Log in to the dashboard" }).waitFor();
  assert.equal(await page.evaluate(() => fetch("api/overview").then((response) => response.status)), 401, "figures without login");
  const form = /^\/(assets\/(icon|tokens|base|early|i18n|theme|login[a-z-]*)\.\w+\.(css|js|svg)|api\/overview|)$/;
  assert.deepEqual(asked.filter((path) => !form.test(path)), [], "before the login more than the form was asked for");

  await field.fill("not the password");
  await field.press("Enter");
  await page.getByRole("alert").filter({ hasText: "That is not the password" }).waitFor();
  assert.equal(await field.evaluate((el) => el === document.activeElement && el.selectionEnd - el.selectionStart), "not the password".length, "the wrong password is to be selected, ready to be typed over");

  asked.length = 0;
  await field.fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await shown(page);
  await page.getByRole("heading", { name: "Recent requests" }).waitFor();
  const parts = asked.filter((path) => path.startsWith("/assets/") && !form.test(path));
  assert.ok(parts.some((path) => /\/app\.\w+\.js$/.test(path)), `the app's own files are among ${parts}`);

  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map((cookie) => [cookie.httpOnly, cookie.sameSite]), [[true, "Strict"]], "the login's cookie");
  await page.reload();
  await shown(page);

  const stranger = await open({ allow: [/status of 401/] });
  await stranger.goto(base + "/");
  const refused = await stranger.evaluate((paths) => Promise.all(paths.map((path) => fetch(path).then((response) => response.status))), parts);
  assert.deepEqual(refused, parts.map(() => 401), `who is not logged in is refused ${parts}`);

  await page.getByRole("button", { name: "Log out" }).click();
  await field.waitFor();
  const thief = await browser.newContext();
  await thief.addCookies(cookies);
  const answer = await thief.request.get(base + "/api/overview");
  assert.equal(answer.status(), 401, "with the cookie of before the logout");
  assert.match(await answer.text(), /not_logged_in/);
});
