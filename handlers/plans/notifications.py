"""News of subscriptions, with what can be done about them in one tap."""

from handlers.kit import buttons
from handlers.plans.subscription_screens import PAY_NEXT, agree_action, agree_words, cancel_action
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Button, Screen
from i18n.plan_news import plan_news, price_of
from i18n.plans import agreed_by
from i18n.translator import Html, Translator
from services.container import Services
from services.notifications.kinds.plans import PlanFact, PlanNews
from services.notifications.notification import Notification
from services.notifications.presenting import presenting
from services.plans.relevance import is_relevant
from services.plans.subscriptions import SubscriptionView


def presenters(services: Services) -> dict[str, Present]:
    async def present(news: PlanNews, notification: Notification, tr: Translator) -> Rendered | None:
        """What is about to come is not told where it will not come any more."""
        plan = await services.plans.get(news.plan_id)
        mine = await services.subscriptions.of(notification.user_id)
        same = mine is not None and mine.id is not None and mine.id == news.subscription_id
        if not is_relevant(news, mine):
            return None
        paragraphs, price = plan_news(news, plan, tr), price_of(news)
        if news.fact is PlanFact.PRICE_OFFERED and price is not None:
            paragraphs += (agreed_by(agree_words(price, tr), price, plan.months, tr),)
        text = Html("\n".join(paragraphs))
        rows = [*_ways_on(news, mine if same else None, tr)]
        return Rendered(screen=Screen(text=text, rows=(*rows, (buttons.menu_button(tr),))))

    return presenting(PlanNews, present)


def _ways_on(news: PlanNews, mine: SubscriptionView | None, tr: Translator) -> list[buttons.Row]:
    """`mine`: where it is what the news is about."""
    if news.fact in (PlanFact.ENDED, PlanFact.MONEY_BACK) or mine is None:
        return [(buttons.plans_button(tr),)]
    rows: list[buttons.Row] = []
    if news.fact is PlanFact.RENEWAL_SOON:
        rows.append((Button(text=tr.gettext("✖️ Cancel the subscription"), action=cancel_action(mine)),))
    if news.fact is PlanFact.PRICE_OFFERED and (price := price_of(news)) is not None:
        rows.append((Button(text=agree_words(price, tr), action=agree_action(price)),))
    if (
        news.fact
        in (
            PlanFact.ENDS_SOON,
            PlanFact.DECLINED,
            PlanFact.PAST_DUE,
            PlanFact.AUTOPAY_OFF,
        )
        and mine.is_paid_by_hand
    ):
        pay = f"{buttons.PLANS}:{mine.next_plan.id}"
        rows.append((Button(text=tr.gettext(PAY_NEXT), action=pay),))
    rows.append((buttons.subscription_button(tr),))
    return rows
