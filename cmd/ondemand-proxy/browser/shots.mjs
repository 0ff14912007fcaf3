// Pictures of the dashboard, at both sizes, in both themes and both languages, into the folder SHOTS. Not a test: "task shots".

import { desk, enter, phone, scenario } from "./session.mjs";

scenario(async (open) => {
  for (const [size, window] of Object.entries({ 1440: desk, 390: phone })) {
    for (const [locale, language] of [["en-US", "en"], ["zh-CN", "zh"]]) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await open({ ...window, locale, colorScheme, reducedMotion: "reduce" });
        await enter(page, { at: process.env.SHOTS_QUERY ?? "" });
        await page.locator("#p-requests canvas").waitFor();
        await page.locator("#live-text").filter({ hasNotText: "…" }).waitFor();
        await page.screenshot({ path: `${process.env.SHOTS}/${size}-${language}-${colorScheme}.png`, fullPage: true });
        await page.context().close();
      }
    }
  }
});
