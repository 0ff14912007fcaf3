// Language, theme and range: switched without a reload, remembered, and at first what the browser prefers.

import assert from "node:assert/strict";
import { base, enter, lines, scenario, shown, themeSwitch, until } from "./session.mjs";

// What stays as it is in Chinese: names, units, and what comes from the ledger.
const asItIs = [
  /ondemand-api-proxy|x-api-key|on-demand\.io|ONDEMAND_ACCOUNTS|API_ACCESS_TOKEN|api_access_token|access_tokens|dashboard_password|chat\.py|main\.go|Asia\/Shanghai|GMT\+8/g,
  /\b(gpt-4o-mini|gpt-4o|other|one|two|main|req_\w+|predefined-[\w.-]+|\d+(\.\d+)*[kMB]|v?\d+\.\d+[\w.+-]*|dev|devel|unknown|key)\b/g,
  /\b(OpenAI|curl|Python|JavaScript|Go|Cherry Studio|Open WebUI|LibreChat|Cline|Continue|Base URL|Hugging Face|Space|Authorization)\b/g,
  /\b(Token|CSV|JSON|EN|ID|API|HTTP|URL|P95|P50|ms|s|Switch to English)\b/g,
];

scenario(async (open) => {
  const page = await open();
  await enter(page);
  await page.evaluate(() => { window.stillTheSame = true; });
  await languages(page);
  await themes(page, open);
  await ranges(page);

  const chinese = await open({ locale: "zh-CN" });
  await chinese.goto(base + "/");
  await chinese.getByRole("heading", { name: "登录仪表板" }).waitFor();
  assert.deepEqual(await englishIn(chinese), [], "English words on the Chinese login form");
  await enter(chinese);
  await chinese.getByRole("heading", { name: "最近请求" }).waitFor();
  assert.equal(await chinese.locator("html").getAttribute("lang"), "zh-CN");
});

async function languages(page) {
  const html = page.locator("html");
  await page.getByRole("heading", { name: "Recent requests" }).waitFor();
  assert.equal(await html.getAttribute("lang"), "en");
  await page.getByRole("button", { name: "中文" }).click();
  for (const name of ["请求数", "成功率", "Token 用量", "首字延迟", "请求趋势", "模型", "账户", "最近请求"]) {
    await page.getByRole("heading", { name, exact: true }).first().waitFor();
  }
  assert.equal(await html.getAttribute("lang"), "zh-CN");
  await until("English words left in Chinese", () => englishIn(page), (left) => left.length === 0, 3000);
  await lines(page).first().click();
  await page.getByRole("dialog", { name: "请求详情" }).waitFor();
  assert.deepEqual(await englishIn(page), [], "English words in the Chinese details");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "接入", exact: true }).click();
  await page.getByRole("dialog", { name: "接入客户端" }).waitFor();
  assert.deepEqual(await englishIn(page), [], "English words in the Chinese panel for clients");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => window.stillTheSame), true, "the switch of the language loaded the page anew");
  await page.reload();
  await page.getByRole("heading", { name: "最近请求" }).waitFor();
  await shown(page);
  await page.getByRole("button", { name: "EN", exact: true }).click();
  await page.getByRole("heading", { name: "Recent requests" }).waitFor();
  const chinese = await page.evaluate(() => document.body.innerText.match(/[\u4e00-\u9fff]+/g));
  assert.deepEqual(chinese, ["中文"], "Chinese words left in English");
}

// English words in all that can be seen or is read out.
async function englishIn(page) {
  const texts = await page.evaluate(() => {
    const found = [];
    for (const el of document.querySelectorAll("body *")) {
      if (!el.checkVisibility() || el.closest("pre, code, script")) continue;
      const own = [...el.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data);
      found.push(...own, ...["aria-label", "title", "placeholder", "alt"].map((name) => el.getAttribute(name) ?? ""));
    }
    return found;
  });
  return texts.filter((text) => /[A-Za-z]{2,}/.test(asItIs.reduce((rest, pattern) => rest.replace(pattern, ""), text)));
}

async function themes(page, open) {
  const ground = (of) => of.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground(page);
  await page.getByRole("button", { name: "Theme: as the system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).click();
  await page.getByRole("button", { name: "Theme: dark" }).waitFor();
  const dark = await ground(page);
  assert.notEqual(dark, light, "the dark theme has another background");
  await page.reload();
  await shown(page);
  assert.equal(await ground(page), dark, "the theme is remembered");
  await themeSwitch(page).click();
  assert.equal(await ground(page), light, "the theme of a system that is light");

  const night = await open({ colorScheme: "dark" });
  await night.goto(base + "/");
  assert.equal(await ground(night), dark, "the theme of a system that is dark");
}

async function ranges(page) {
  const group = page.getByRole("group", { name: "Range of time" });
  for (const [range, name] of [["1h", "1 h"], ["7d", "7 d"], ["30d", "30 d"], ["90d", "90 d"], ["24h", "24 h"]]) {
    const answered = ["overview", "series", "models", "accounts", "requests"].map((path) => page.waitForResponse((response) => response.url().includes(`api/${path}?range=${range}`)));
    await group.getByRole("button", { name, exact: true }).click();
    assert.deepEqual((await Promise.all(answered)).map((response) => response.status()), [200, 200, 200, 200, 200], `range ${range}`);
    await group.getByRole("button", { name, exact: true, pressed: true }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("range") ?? "24h", range, "the range lives in the address");
    await page.locator("#p-requests .plot canvas").waitFor();
  }
  await group.getByRole("button", { name: "30 d", exact: true }).click();
  const hours = page.waitForResponse((response) => response.url().includes("api/series?range=30d&step=hour"));
  await page.getByRole("button", { name: "by hour" }).click();
  await hours;
  await page.reload();
  await shown(page);
  await group.getByRole("button", { name: "30 d", exact: true, pressed: true }).waitFor();
  await page.getByRole("button", { name: "by hour", pressed: true }).waitFor();
}
