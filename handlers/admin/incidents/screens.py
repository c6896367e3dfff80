"""What owners read when a part of the shop has been wrong for a while, and when that is over."""

from datetime import datetime
from typing import Final

from i18n.translator import Html, Translator
from services.errors import N_

WRONG: Final = {
    "telegram": N_(
        "The shop hears nothing from Telegram, or another program takes its messages. Make sure that the bot runs in"
        " one place only; if it does, look at the network and the webhook: kassandra doctor."
    ),
    "database": N_(
        "Nothing can be written to the database. Customers are told that the shop is busy, nothing is lost or charged."
        " Look at the free space of the disk (df -h), at the rights of the files, and whether the server runs."
    ),
    "redis": N_(
        "Redis does not answer. Customers are told that the shop is busy, nothing is lost or charged. Look whether it"
        " runs and REDIS_URL leads to it."
    ),
    "models": N_("Nothing is on sale. Look at the models: kassandra models list."),
    "queue": N_("Predictions wait for long. Look whether a worker runs and what the log says of it."),
    "tables": N_(
        "Tables that customers have ordered stand still. Nothing is lost: look whether a worker runs and what the log"
        " says of it (scoring_…), and start it anew."
    ),
    "uploads": N_(
        "Checks, trials or comparisons of uploaded models stand still. Look whether a worker runs and what the log says"
        " of it (upload_…), and start it anew."
    ),
    "messages": N_(
        "Telegram takes none of the shop's messages, though it answers otherwise. Answers and news of payments are kept"
        " and sent as soon as one gets through. Look at the network, TELEGRAM_PROXY and TELEGRAM_API_URL."
    ),
    "jobs": N_(
        "Regular work stands still, such as asking for payments, bonuses and expiries. It is made good later; look at"
        " the log, and start the shop anew if it goes on."
    ),
    "tasks": N_("A part of the shop has stopped working. Look at the log and start the shop anew."),
    "mail": N_(
        "Letters do not go out: the mail server is away, or takes neither the password nor the sender. Nothing is lost,"
        " but nobody can sign up by e-mail. Look at SMTP_URL and MAIL_FROM: kassandra doctor."
    ),
    "clock": N_("The machine's clock is wrong. Bonuses and expiries wait until it is right: timedatectl set-ntp true."),
}
"""By part of /readyz: what is wrong, and what to do about it."""
WAS_WRONG: Final = {
    "telegram": N_("The shop heard nothing from Telegram, or another program took its messages."),
    "database": N_(
        "Nothing could be written to the database. Customers were told that the shop was busy, nothing was lost or"
        " charged."
    ),
    "redis": N_("Redis did not answer. Customers were told that the shop was busy, nothing was lost or charged."),
    "models": N_("Nothing was on sale."),
    "queue": N_("Predictions waited for long."),
    "tables": N_("Tables that customers had ordered stood still."),
    "uploads": N_("Checks, trials or comparisons of uploaded models stood still."),
    "messages": N_(
        "Telegram took none of the shop's messages, though it answered otherwise. Answers and news of payments were"
        " kept and are sent now."
    ),
    "jobs": N_(
        "Regular work stood still, such as asking for payments, bonuses and expiries. What was missed is made good."
    ),
    "tasks": N_("A part of the shop had stopped working."),
    "mail": N_("Letters did not go out. What waited is sent now."),
    "clock": N_("The machine's clock was wrong. Bonuses and expiries waited until it was right."),
}
"""The same of what is over."""


def wrong_text(part: str, detail: str, since: datetime, tr: Translator) -> Html:
    heading = tr.html("⚠️ <b>Something is wrong with the shop</b> since {moment}", moment=tr.moment(since))
    return Html(f"{heading}\n\n{tr.html(WRONG[part])}\n\n<code>{tr.escape(f'{part}: {detail}')}</code>")


def over_text(part: str, since: datetime, until: datetime, tr: Translator, *, told: bool) -> Html:
    """`told`: they have read that it began."""
    heading = tr.html("✅ <b>The shop is well again.</b>")
    times = {"since": tr.moment(since), "until": tr.moment(until)}
    if told:
        lasted = tr.html("It lasted from {since} to {until}.", **times)
        return Html(f"{heading}\n\n{lasted}\n\n<code>{part}</code>")
    late = tr.html("From {since} to {until} something was wrong, and you could not be told.", **times)
    return Html(f"{heading} {late}\n\n{tr.html(WAS_WRONG[part])}\n\n<code>{part}</code>")
