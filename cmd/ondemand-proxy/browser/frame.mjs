// In the frame that Hugging Face puts a Space into, the login works and figures move; nobody else may frame the page.

import assert from "node:assert/strict";
import { card, chat, lines, password, scenario, shown, until } from "./session.mjs";

const space = "https://user-space.hf.space/";
const hub = "https://huggingface.co/spaces/user/space";
const stranger = "https://stranger.example/";

// The browser finds the Space behind the test's own TLS, and both framing sites in this script.
const args = [`--host-resolver-rules=MAP user-space.hf.space ${process.env.SPACE_ADDRESS}`, "--ignore-certificate-errors", "--disable-features=LocalNetworkAccessChecks"];

scenario(async (open) => {
  const page = await open({ allow: [/frame-ancestors/, /ERR_BLOCKED_BY_RESPONSE/, /Blocked autofocusing/] });
  for (const site of [hub, stranger]) {
    await page.route(site, (route) => route.fulfill({ contentType: "text/html", body: `<!doctype html><title>site</title><iframe src="${space}" width="1200" height="800"></iframe>` }));
  }
  const framed = async () => (await page.locator("iframe").elementHandle()).contentFrame();

  await page.goto(hub);
  let frame = await framed();
  await frame.getByLabel("Password").fill(password);
  await frame.getByRole("button", { name: "Log in" }).click();
  await shown(frame);
  const { id } = await chat();
  await lines(frame).filter({ hasText: id }).waitFor();
  await until("requests in the frame", () => card(frame, "Requests").textContent(), "1");
  const cookies = await page.context().cookies(space);
  assert.deepEqual(cookies.map(({ httpOnly, secure, sameSite, partitionKey }) => ({ httpOnly, secure, sameSite, partitionKey })), [{ httpOnly: true, secure: true, sameSite: "None", partitionKey: "https://huggingface.co" }]);

  await page.reload();
  frame = await framed();
  await shown(frame);
  await frame.getByRole("button", { name: "Log out" }).click();
  await frame.getByLabel("Password").waitFor();

  await page.goto(stranger);
  frame = await framed();
  assert.ok(!frame.url().startsWith(space) || !(await frame.content()).includes("password"), "another site frames the login form");
}, { args });
