// The login page.

import { addWords, apply, lang, onLanguage, setLanguage, t } from "./i18n.js";
import { enhanceLogin } from "./login-form.js";
import { loginWords } from "./login-words.js";
import { nextTheme, theme } from "./theme.js";

addWords(loginWords);
apply();
enhanceLogin(document.getElementById("login"), () => location.reload());

const themeButton = document.getElementById("theme");
const renderTheme = () => {
  themeButton.dataset.theme = theme();
  themeButton.title = t("theme." + theme());
  themeButton.setAttribute("aria-label", t("theme." + theme()));
};
themeButton.addEventListener("click", () => {
  nextTheme();
  renderTheme();
});
onLanguage(renderTheme);
renderTheme();
document.getElementById("language").addEventListener("click", () => setLanguage(lang() === "zh" ? "en" : "zh"));
