import { emit } from "./state.js";

const EN = {
  sandbox: "Sandbox",
  tagline: "a local Telegram",
  people: "People",
  customer: "customer",
  owner: "owner",
  addPerson: "Add a person",
  addPersonHint: "A new customer who has never met the bot.",
  mailbox: "Mailbox",
  webVersion: "The shop in the browser",
  name: "Name",
  language: "Language",
  add: "Add",
  cancel: "Cancel",
  close: "Close",
  blocked: "blocked the bot",
  block: "Block the bot",
  unblock: "Unblock the bot",
  personMenu: "Options of {name}",
  switchPerson: "Switch person",
  bot: "bot",
  typing: "typing",
  upload_photo: "sends a photo",
  upload_document: "sends a file",
  upload_video: "sends a video",
  record_voice: "records a voice message",
  choose_sticker: "chooses a sticker",
  find_location: "looks for a location",
  connecting: "connecting…",
  openPanel: "Sandbox panel",
  messages: "Messages",
  today: "Today",
  yesterday: "Yesterday",
  edited: "edited",
  emptyText: "Press START to meet the bot as {name}.",
  start: "START",
  earlier: "Earlier messages",
  newMessages: "To the newest messages",
  placeholder: "Message",
  send: "Send",
  menu: "Menu",
  commands: "Bot commands",
  attach: "Attach",
  photo: "Photo",
  file: "File",
  asPhoto: "as a photo",
  asFile: "as a file",
  draw: "Draw a digit",
  drawHint: "Draw one digit with a finger or a mouse.",
  drawArea: "Drawing area",
  clear: "Clear",
  undo: "Undo",
  voice: "Voice message",
  sticker: "Sticker",
  video: "Video",
  audio: "Audio",
  location: "Location",
  contact: "Contact",
  dice: "Dice",
  sendFiles: "Send a file|Send {n} files",
  caption: "Caption",
  dropHere: "Drop to send",
  keyboardShow: "Show the bot's keyboard",
  keyboardHide: "Hide the bot's keyboard",
  replyKeyboard: "Keyboard of the bot",
  reply: "Reply",
  copy: "Copy text",
  copied: "Copied",
  copyFailed: "The browser did not let the text be copied",
  edit: "Edit",
  editing: "Editing",
  replyingTo: "Reply to",
  messageMenu: "Message options",
  enlarge: "Open the photo",
  download: "Download",
  noAnswer: "The bot has not answered this button",
  unsupportedButton: "This button works only in a real Telegram",
  open: "Open",
  spoiler: "Hidden text",
  ok: "OK",
  offline: "No connection to the sandbox",
  failed: "The sandbox refused: {error}",
  restart: "UNBLOCK",
  drafting: "The bot is writing",
  draftStop: "⏹ Stop",
  thinking: "Thinking…",
  log: "Calls of the bot",
  logEmpty: "No calls yet. Is the bot running?",
  logAll: "with getUpdates",
  faults: "Break the network once",
  faultsHint: "The next call of this method fails. See how the bot copes.",
  faultMethod: "Method",
  anyMethod: "any method",
  fault429: "429 wait 3 s",
  fault400: "400",
  fault502: "502",
  faultCut: "cut the connection",
  faultSlow: "5 s slower",
  faultSet: "Armed: {what}",
  faultsClear: "Disarm all",
  faultsCleared: "No faults armed",
  themeSystem: "as the system",
  themeLight: "light",
  themeDark: "dark",
  blockTitle: "Block the bot",
  blockHint: "As {name}: messages of the bot will be refused with 403.",
};

const RU = {
  sandbox: "Песочница",
  tagline: "Telegram у вас дома",
  people: "Люди",
  customer: "покупатель",
  owner: "владелец",
  addPerson: "Добавить человека",
  addPersonHint: "Новый покупатель, который ещё не знаком с ботом.",
  mailbox: "Почтовый ящик",
  webVersion: "Магазин в браузере",
  name: "Имя",
  language: "Язык",
  add: "Добавить",
  cancel: "Отмена",
  close: "Закрыть",
  blocked: "заблокировал(а) бота",
  block: "Заблокировать бота",
  unblock: "Разблокировать бота",
  personMenu: "Действия: {name}",
  switchPerson: "Сменить человека",
  bot: "бот",
  typing: "печатает",
  upload_photo: "отправляет фото",
  upload_document: "отправляет файл",
  upload_video: "отправляет видео",
  record_voice: "записывает голосовое",
  choose_sticker: "выбирает стикер",
  find_location: "ищет место",
  connecting: "соединение…",
  openPanel: "Панель песочницы",
  messages: "Сообщения",
  today: "Сегодня",
  yesterday: "Вчера",
  edited: "изменено",
  emptyText: "Нажмите СТАРТ, чтобы познакомиться с ботом. Вы — {name}.",
  start: "СТАРТ",
  earlier: "Более ранние сообщения",
  newMessages: "К новым сообщениям",
  placeholder: "Сообщение",
  send: "Отправить",
  menu: "Меню",
  commands: "Команды бота",
  attach: "Прикрепить",
  photo: "Фото",
  file: "Файл",
  asPhoto: "как фото",
  asFile: "как файл",
  draw: "Нарисовать цифру",
  drawHint: "Нарисуйте одну цифру пальцем или мышью.",
  drawArea: "Поле для рисования",
  clear: "Стереть",
  undo: "Отменить",
  voice: "Голосовое сообщение",
  sticker: "Стикер",
  video: "Видео",
  audio: "Аудио",
  location: "Место",
  contact: "Контакт",
  dice: "Кубик",
  sendFiles: "Отправить файл|Отправить {n} файла|Отправить {n} файлов",
  caption: "Подпись",
  dropHere: "Отпустите, чтобы отправить",
  keyboardShow: "Показать клавиатуру бота",
  keyboardHide: "Скрыть клавиатуру бота",
  replyKeyboard: "Клавиатура бота",
  reply: "Ответить",
  copy: "Копировать текст",
  copied: "Скопировано",
  copyFailed: "Браузер не дал скопировать текст",
  edit: "Изменить",
  editing: "Изменение",
  replyingTo: "Ответ на",
  messageMenu: "Действия с сообщением",
  enlarge: "Открыть фото",
  download: "Скачать",
  noAnswer: "Бот не ответил на эту кнопку",
  unsupportedButton: "Эта кнопка работает только в настоящем Telegram",
  open: "Открыть",
  spoiler: "Скрытый текст",
  ok: "ОК",
  offline: "Нет связи с песочницей",
  failed: "Песочница отказала: {error}",
  restart: "РАЗБЛОКИРОВАТЬ",
  drafting: "Бот пишет",
  draftStop: "⏹ Остановить",
  thinking: "Думает…",
  log: "Вызовы бота",
  logEmpty: "Вызовов пока нет. Бот запущен?",
  logAll: "с getUpdates",
  faults: "Сломать сеть один раз",
  faultsHint: "Следующий вызов этого метода не удастся. Посмотрите, как бот справится.",
  faultMethod: "Метод",
  anyMethod: "любой метод",
  fault429: "429, ждать 3 с",
  fault400: "400",
  fault502: "502",
  faultCut: "обрыв связи",
  faultSlow: "на 5 с дольше",
  faultSet: "Готово: {what}",
  faultsClear: "Снять все",
  faultsCleared: "Сбоев не осталось",
  themeSystem: "как в системе",
  themeLight: "светлые",
  themeDark: "тёмные",
  blockTitle: "Блокировка бота",
  blockHint: "{name}: сообщения бота получат отказ 403.",
};

export const LANGUAGES = { ru: "Русский", en: "English", de: "Deutsch" };

/** A part of the page brings its own words. */
export function addWords(english, russian) {
  Object.assign(EN, english);
  Object.assign(RU, russian);
}

let language = "en";

export const currentLanguage = () => language;

export function setLanguage(code) {
  const next = code?.startsWith("ru") ? "ru" : "en";
  document.documentElement.lang = next;
  if (next === language) return;
  language = next;
  emit("language", next);
}

/** The page's own words. With `n`, the plural form; `{name}` places are filled from `values`. */
export function t(key, values = {}) {
  const forms = ((language === "ru" ? RU : EN)[key] ?? EN[key] ?? key).split("|");
  let text = forms[0];
  if (values.n !== undefined && forms.length > 1) {
    const rule = new Intl.PluralRules(language).select(values.n);
    text = forms[rule === "one" ? 0 : rule === "few" ? 1 : forms.length - 1];
  }
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

export const clockTime = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false });

/** The day of a moment, as it is called at another one. */
export function dayName(seconds, now) {
  const day = new Date(seconds * 1000);
  const daysAgo = Math.round((new Date(now * 1000).setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86_400_000);
  if (daysAgo === 0) return t("today");
  if (daysAgo === 1) return t("yesterday");
  return day.toLocaleDateString(language, { day: "numeric", month: "long" });
}

export function fileSize(bytes) {
  if (!bytes) return "";
  const units = language === "ru" ? ["Б", "КБ", "МБ"] : ["B", "KB", "MB"];
  const power = Math.min(2, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value.toLocaleString(language, { maximumFractionDigits: power ? 1 : 0 })} ${units[power]}`;
}
