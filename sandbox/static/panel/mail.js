import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { addWords, t } from "../i18n.js";
import { on, state } from "../state.js";
import { attempt } from "../toast.js";

addWords({
  panelMail: "Mail",
  panelMailOpen: "{n} letter in the mailbox|{n} letters in the mailbox",
  panelMailFaults: "Until pressed again, letters are",
  mail_refuse: "refused (550)",
  mail_later: "put off (451)",
  mail_hang: "met with silence for 60 s",
  mail_drop: "cut off",
  mail_drop_after: "taken, then cut off",
}, {
  panelMail: "Почта",
  panelMailOpen: "В ящике {n} письмо|В ящике {n} письма|В ящике {n} писем",
  panelMailFaults: "Пока не нажать ещё раз, письма:",
  mail_refuse: "отвергаются (550)",
  mail_later: "откладываются (451)",
  mail_hang: "встречают молчание, 60 с",
  mail_drop: "обрываются",
  mail_drop_after: "доходят, но с обрывом",
});

const EVERY_MS = 3000;
const KINDS = ["refuse", "later", "hang", "drop", "drop_after"];

let body = null;
let shown = "";

async function refresh() {
  if (!body || !state.bot || document.hidden || !body.offsetParent) return;
  const mail = await api.mail().catch(() => null);
  if (!mail || JSON.stringify(mail) === shown) return;
  shown = JSON.stringify(mail);
  draw(mail);
}

/** One standing fault at a time. */
async function choose(kind, isOn) {
  if ((await attempt(api.clearMailFaults())) === undefined) return;
  if (!isOn) await attempt(api.addMailFault({ kind, times: 0 }));
  await refresh();
}

function draw({ letters, faults }) {
  const standing = faults.find(({ times, to }) => times === 0 && to === null)?.kind;
  fill(body,
    h("a", { class: "link", href: `/mail?bot=${state.bot.bot_id}`, dataset: { testid: "mail-open" } }, t("panelMailOpen", { n: letters })),
    h("p", { class: "hint" }, t("panelMailFaults")),
    h("div", { class: "fault-buttons" }, KINDS.map((kind) => h("button", { type: "button", class: "chip", "aria-pressed": String(kind === standing),
      dataset: { testid: `mail-${kind}` }, onclick: () => choose(kind, kind === standing) }, t(`mail_${kind}`)))));
}

setInterval(refresh, EVERY_MS);
on("panel", refresh);
on("person", refresh);

export const mail = {
  id: "mail",
  title: "panelMail",
  draw(into) {
    shown = "";
    body = into;
    setTimeout(refresh);
  },
};
