"""How the messages of the outbox read as letters. What is told in chats alone has nobody here: it stands on a page, or
was seen as it happened."""

from datetime import timedelta
from typing import Final

from db.tables.payments import PaymentStatus
from db.tables.predictions import PredictionStatus
from i18n import news as words_of
from i18n.payment_troubles import trouble_lines
from i18n.plans import plan_paid
from i18n.predictions import reason
from i18n.titles import Title, titles_in
from i18n.translator import Html, Translator
from mail import account_letters, forecast_letters, plan_letters, table_letters
from mail.delivery import Post, Present
from mail.messages import Link, Words
from services.container import Services
from services.manifests.manifest import Manifest
from services.notifications.kinds.admins import CreditsChanged, WordsFromOwner
from services.notifications.kinds.credits import CreditsExpire
from services.notifications.kinds.identity import AccountsMerged, EmailLinked, SecondFactorChanged, TelegramLinked
from services.notifications.kinds.payments import PaymentNews, PaymentTrouble, RefundSucceeded
from services.notifications.kinds.predictions import PredictionEnded
from services.notifications.kinds.webhooks import WebhookOff
from services.notifications.letter import Letter
from services.notifications.presenting import presenting
from services.payments.alerts import PaymentProblem
from services.payments.news import Fact
from services.predictions.history import PredictionNotFound, PredictionView

LATE: Final = timedelta(minutes=2)  # who waits no longer still has the page before them
ONE_WITHIN_SECONDS: Final = 3600  # of letters about answers to one person: a program may ask for hundreds


def presenters(services: Services, post: Post) -> dict[str, Present]:
    return {
        **account_letters.presenters(post, services.mail_links.token_for),
        **_credits(services, post),
        **_ways_in(post),
        **_money(services, post),
        **plan_letters.presenters(services, post),
        **_prediction(services, post),
        **table_letters.presenters(services, post),
        **forecast_letters.presenters(services, post),
    }


def _credits(services: Services, post: Post) -> dict[str, Present]:
    name = post.sender.name

    async def changed(news: CreditsChanged, _: Letter, tr: Translator) -> Words:
        subject = tr.gettext("{name}: your balance was changed", name=name)
        return Words(subject=subject, paragraphs=_lines(words_of.credits_changed(news, tr)), link=_balance(post, tr))

    async def from_owner(news: WordsFromOwner, _: Letter, tr: Translator) -> Words:
        return Words(subject=tr.gettext("{name}: a message", name=name), paragraphs=(tr.escape(news.text),))

    async def expire(news: CreditsExpire, _: Letter, tr: Translator) -> Words | None:
        lot = await services.reminders.lot(news.lot_id)
        if lot is None:
            return None
        subject = tr.gettext("{name}: credits of your package end soon", name=name)
        return Words(subject=subject, paragraphs=(words_of.expiring(lot, tr),), link=_shop(post, tr))

    return (
        presenting(CreditsChanged, changed) | presenting(WordsFromOwner, from_owner) | presenting(CreditsExpire, expire)
    )


def _ways_in(post: Post) -> dict[str, Present]:
    name = post.sender.name

    async def merged(news: AccountsMerged, _: Letter, tr: Translator) -> Words:
        subject = tr.gettext("{name}: your accounts are one now", name=name)
        return Words(subject=subject, paragraphs=_lines(words_of.accounts_merged(news, tr)), link=_balance(post, tr))

    async def email_linked(news: EmailLinked, _: Letter, tr: Translator) -> Words:
        subject = tr.gettext("{name}: your address is linked", name=name)
        return Words(subject=subject, paragraphs=_lines(words_of.email_linked(news, tr)), link=_shop(post, tr))

    async def telegram_linked(news: TelegramLinked, _: Letter, tr: Translator) -> Words:
        subject = tr.gettext("{name}: your Telegram is linked", name=name)
        return Words(subject=subject, paragraphs=_lines(words_of.telegram_linked(news, tr)), link=_shop(post, tr))

    async def second_factor(news: SecondFactorChanged, _: Letter, tr: Translator) -> Words:
        subject = tr.gettext("{name}: your second factor", name=name)
        link = Link(label=tr.gettext("Sessions and password"), url=f"{post.site}{account_letters.SECURITY}")
        return Words(subject=subject, paragraphs=_lines(words_of.second_factor_changed(news, tr)), link=link)

    async def webhook_off(news: WebhookOff, _: Letter, tr: Translator) -> Words:
        subject = tr.gettext("{name}: your webhook is switched off", name=name)
        return Words(subject=subject, paragraphs=_lines(words_of.webhook_off(news, tr)), link=_shop(post, tr))

    return (
        presenting(AccountsMerged, merged)
        | presenting(EmailLinked, email_linked)
        | presenting(TelegramLinked, telegram_linked)
        | presenting(SecondFactorChanged, second_factor)
        | presenting(WebhookOff, webhook_off)
    )


def _money(services: Services, post: Post) -> dict[str, Present]:
    name = post.sender.name

    async def paid(news: PaymentNews, letter: Letter, tr: Translator) -> Words | None:
        """Links to pay by and payments that came to nothing are seen on the page."""
        payment = await services.payment_queries.get(news.payment_id)
        if news.fact != Fact.SUCCEEDED or payment.status is not PaymentStatus.SUCCEEDED:
            return None
        subject = tr.gettext("{name}: paid {amount}", name=name, amount=tr.money(payment.amount))
        if payment.plan_id is not None:
            return Words(
                subject=subject, paragraphs=(plan_paid(payment, tr),), link=plan_letters.subscription_link(post, tr)
            )
        user = await services.users.get(payment.user_id)
        told = words_of.paid(payment, tr, balance=user.balance)
        return Words(subject=subject, paragraphs=_lines(told), link=_balance(post, tr))

    async def refunded(news: RefundSucceeded, letter: Letter, tr: Translator) -> Words | None:
        refund = await services.payment_queries.refund(news.refund_id)
        if refund is None or letter.user_id is None:
            return None
        user = await services.users.get(letter.user_id)
        payment = await services.payment_queries.get(refund.payment_id)
        bought = await services.subscriptions.bought_by(payment)
        told = words_of.refunded(refund, bought, tr, balance=user.balance, ended=news.ended)
        subject = tr.gettext("{name}: {amount} sent back", name=name, amount=tr.money(refund.amount))
        return Words(subject=subject, paragraphs=_lines(told), link=_balance(post, tr))

    return presenting(PaymentNews, paid) | presenting(RefundSucceeded, refunded) | _trouble(services, post)


def _trouble(services: Services, post: Post) -> dict[str, Present]:
    """To an admin without Telegram whose refund did not go through."""

    async def present(news: PaymentTrouble, _: Letter, tr: Translator) -> Words:
        payment = None if news.payment_id is None else await services.payment_queries.get(news.payment_id)
        told = trouble_lines(PaymentProblem(news.problem), news.detail, payment, tr, provider=news.provider)
        link = Link(label=tr.gettext("Open the panel"), url=f"{post.site}/admin")
        return Words(subject=tr.gettext("{name}: money needs you", name=post.sender.name), paragraphs=told, link=link)

    return presenting(PaymentTrouble, present)


def _prediction(services: Services, post: Post) -> dict[str, Present]:
    async def ended(news: PredictionEnded, letter: Letter, tr: Translator) -> Words | None:
        """Only of what took long, and not of each where many do."""
        view = await _ended_late(services, news, letter)
        if view is None or not await services.coordination.claim(
            f"letter:{letter.user_id}", str(letter.id), seconds=ONE_WITHIN_SECONDS
        ):
            return None
        titles = await titles_in(tr, services.models, presets=view.preset_id is not None)
        return _answer(view, titles.bought(view), services.models.manifest(view.model_slug), post, tr)

    return presenting(PredictionEnded, ended)


async def _ended_late(services: Services, news: PredictionEnded, letter: Letter) -> PredictionView | None:
    if news.look or letter.user_id is None:
        return None
    try:
        view = await services.history.get(news.prediction_id, user_id=letter.user_id)
    except PredictionNotFound:
        return None
    if view.finished_at is None or view.status is PredictionStatus.CANCELED:
        return None
    return view if view.finished_at - view.created_at >= LATE else None


def _answer(view: PredictionView, title: Title, manifest: Manifest | None, post: Post, tr: Translator) -> Words:
    name = post.sender.name
    link = Link(label=tr.gettext("Open it"), url=f"{post.site}/predictions/{view.id}")
    if view.status is PredictionStatus.SUCCEEDED:
        subject = tr.gettext("{name}: the answer of “{title}” is there", name=name, title=title.text)
        return Words(subject=subject, paragraphs=(title.heading, tr.html("The answer is there.")), link=link)
    told = [title.heading, tr.escape(reason(view, manifest, tr))]
    if view.price:
        told.append(tr.html("Returned to you: <b>{price}</b>.", price=tr.credits(view.price)))
    subject = tr.gettext("{name}: “{title}” has no answer", name=name, title=title.text)
    return Words(subject=subject, paragraphs=tuple(told), link=link)


def _lines(told: tuple[Html, ...]) -> tuple[Html, ...]:
    """Short ones, as one paragraph."""
    return (Html("\n".join(told)),)


def _balance(post: Post, tr: Translator) -> Link:
    return Link(label=tr.gettext("Open the balance"), url=f"{post.site}/balance")


def _shop(post: Post, tr: Translator) -> Link:
    return Link(label=tr.gettext("Open the shop"), url=post.site)
