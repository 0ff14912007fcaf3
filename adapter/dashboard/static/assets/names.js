// What accounts and models are called.

import { t } from "./i18n.js";
import { resource } from "./store.js";

/** The name of an account; in restricted mode the server only numbers them, in English. */
export function accountLabel(name) {
  const number = resource("overview").value?.restricted ? /^account (\d+)$/.exec(name)?.[1] : undefined;
  return number ? t("accounts.nth", { n: number }) : name;
}

/** The name of a model among others; one name stands for all that nobody knows. */
export function modelLabel(name) {
  return name === "other" ? t("models.other") : name;
}
