import { addWords } from "../i18n.js";

addWords({
  webappTitle: "Mini app and theme",
  webappMain: "Address of the main mini app",
  webappSameHost: "It has the page's own host name: cookies are not those of a foreign site here.",
  webappLaunchData: "From now on its launch data are:",
  webapp_old: "{hours} h old",
  webapp_future: "{hours} h ahead",
  webapp_forged: "signed with a wrong token",
  webapp_another: "another person's",
  webappHours: "Hours",
  webappVersion: "Version of Telegram's mini apps",
  webappTheme: "The page and the app are:",
}, {
  webappTitle: "Мини-приложение и тема",
  webappMain: "Адрес главного мини-приложения",
  webappSameHost: "У него то же имя хоста, что у страницы: cookie здесь не сторонние.",
  webappLaunchData: "Данные запуска отныне:",
  webapp_old: "старше на {hours} ч",
  webapp_future: "из будущего: {hours} ч",
  webapp_forged: "подписаны чужим токеном",
  webapp_another: "другого человека",
  webappHours: "Часы",
  webappVersion: "Версия мини-приложений Telegram",
  webappTheme: "Страница и приложение:",
});
