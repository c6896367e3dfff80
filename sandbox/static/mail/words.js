import { addWords } from "../i18n.js";

addWords({
  mail: "Mailbox",
  mailOf: "{bot} · letters to everybody",
  mailBack: "Back",
  mailEmpty: "No letters yet",
  mailChoose: "Choose a letter",
  mailNoSubject: "(no subject)",
  mail_html: "Letter",
  mail_text: "Text part",
  mail_headers: "Headers",
}, {
  mail: "Почтовый ящик",
  mailOf: "{bot} · письма всем",
  mailBack: "Назад",
  mailEmpty: "Писем пока нет",
  mailChoose: "Выберите письмо",
  mailNoSubject: "(без темы)",
  mail_html: "Письмо",
  mail_text: "Текстовая часть",
  mail_headers: "Заголовки",
});
