"""Whether letters can go out."""

from bot.doctor.findings import Finding, bad, good, poor
from bot.settings import Settings
from bot.wiring.mail import open_client


async def letters(settings: Settings) -> Finding:
    name, client = "letters", open_client(settings)
    if client is None or settings.mail_from is None or settings.smtp_url is None:
        return good(name, "this shop writes none: SMTP_URL is not set, and nobody signs up by e-mail")
    from mail.refusals import MailAway

    try:
        hidden = await client.check(settings.mail_from.address)
    except MailAway as error:
        return bad(name, str(error), _fix(error))
    sent = f"from {settings.mail_from.address} by {settings.smtp_url}"
    if not hidden and not settings.smtp_url.is_local:
        fix = "take a server that offers STARTTLS, or smtps: anybody on the way can read links to sign in by"
        return poor(name, f"{sent}, without TLS", fix)
    return good(name, f"{sent}, {'with' if hidden else 'without'} TLS")


def _fix(error: Exception) -> str:
    words = str(error)
    if "user and password" in words:
        return "copy them anew into SMTP_URL; Yandex, Mail.ru and Gmail want an app password, not that of the mailbox"
    if "MAIL_FROM" in words:
        return "name the mailbox that SMTP_URL signs in as, or an alias of it"
    if "STARTTLS" in words:
        return "use the server's port for TLS (smtps, 465): a password goes to another machine by TLS alone"
    if "certificate" in words.lower():
        return "name the server in SMTP_URL as its certificate does"
    return "check host and port of SMTP_URL, and that this machine may connect there: many hosting services close 25"
