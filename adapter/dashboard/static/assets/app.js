// The page begins here.

import { whenLoggedOut } from "./api.js";
import { startAccounts } from "./accounts.js";
import { startBanners } from "./banners.js";
import { startBar } from "./bar.js";
import { startCards } from "./cards.js";
import { startCharts } from "./charts.js";
import { addWords, apply, onLanguage } from "./i18n.js";
import { fetchAll, start, stop } from "./live.js";
import { makeLoginDialog } from "./login-dialog.js";
import { loginWords } from "./login-words.js";
import { startModels } from "./models.js";
import { startRequests } from "./requests.js";
import { refetch, setBusy, touch } from "./store.js";
import { onChoice } from "./view.js";
import { en } from "./words-en.js";
import { zh } from "./words-zh.js";

addWords(loginWords);
addWords({ en, zh });
apply();

startBar();
startBanners();
startCards();
startCharts();
startModels();
startAccounts();
startRequests();

const askLogin = makeLoginDialog(() => {
  start();
  fetchAll();
});
whenLoggedOut(() => {
  stop();
  askLogin();
});
onChoice((changed) => {
  if (!changed.has("range")) return;
  setBusy("overview", "series", "models", "accounts");
  refetch();
});
onLanguage(() => touch());

fetchAll();
start();
