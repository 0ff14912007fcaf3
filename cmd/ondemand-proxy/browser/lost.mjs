// The program goes away while the page is open, and comes back: the page says so, and goes on where it was.

import assert from "node:assert/strict";
import { ask, card, chat, enter, lines, password, scenario, until } from "./session.mjs";

scenario(async (open) => {
  const page = await open({ allow: [/net::ERR_/, /status of (401|503)/] });
  await enter(page, { at: "?range=7d&outcome=completed" });
  await page.evaluate(() => { window.stillTheSame = true; });
  const requests = card(page, "Requests");
  const { id } = await chat();
  await lines(page).filter({ hasText: id }).waitFor();
  await until("requests", () => requests.textContent(), "1");
  const look = () => page.evaluate(() => [getComputedStyle(document.querySelector(".big")).color, getComputedStyle(document.querySelector(".plot")).opacity].join());
  const fresh = await look();

  await ask("stop");
  const line = page.locator("#stale");
  await line.filter({ hasText: /Connection lost\. The figures are from .*\d{2}:\d{2}:\d{2}.*trying again/ }).waitFor();
  await until("a figure and a chart without a connection", look, (stale) => stale !== fresh);
  assert.equal(await requests.textContent(), "1", "the figure stays");
  await lines(page).filter({ hasText: id }).waitFor();

  await ask("start");
  const login = page.getByRole("dialog", { name: "Log in to the dashboard" });
  await login.waitFor({ timeout: 45_000 }); // the next try is up to half a minute away
  assert.equal(await requests.textContent(), "1", "the page stays behind the login");
  await page.keyboard.press("Escape");
  assert.ok(await login.isVisible(), "there is no way around the login");
  await login.getByLabel("Password").fill("wrong");
  await login.getByRole("button", { name: "Log in" }).click();
  await login.getByRole("alert").filter({ hasText: "That is not the password" }).waitFor();
  await login.getByLabel("Password").fill(password);
  await login.getByRole("button", { name: "Log in" }).click();
  await login.waitFor({ state: "hidden" });
  await line.waitFor({ state: "hidden" });
  await until("a figure and a chart, connected again", look, fresh);
  assert.equal(new URL(page.url()).search, "?range=7d&outcome=completed", "the view is kept");
  await page.getByRole("button", { name: "7 d", exact: true, pressed: true }).waitFor();

  const after = await chat();
  await lines(page).filter({ hasText: after.id }).waitFor();
  await until("requests, counted on", () => requests.textContent(), "2");
  assert.equal(await page.evaluate(() => window.stillTheSame), true, "the page was loaded anew");
});
