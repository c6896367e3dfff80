"""Letters about subscriptions, with the page on which something can be done about them."""

from typing import Final

from i18n.plan_news import plan_news
from i18n.plans import plan_title
from i18n.translator import Html, Translator
from mail.delivery import Post, Present
from mail.messages import Link, Words
from services.container import Services
from services.errors import N_
from services.notifications.kinds.plans import PlanFact, PlanNews
from services.notifications.letter import Letter
from services.notifications.presenting import presenting
from services.plans.relevance import is_relevant

SUBJECTS: Final = {
    PlanFact.RENEWAL_SOON: N_("{name}: “{plan}” is renewed soon"),
    PlanFact.ENDS_SOON: N_("{name}: “{plan}” ends soon"),
    PlanFact.RENEWED: N_("{name}: “{plan}” goes on"),
    PlanFact.DECLINED: N_("{name}: “{plan}” could not be charged"),
    PlanFact.PAST_DUE: N_("{name}: “{plan}” is not paid"),
    PlanFact.ENDED: N_("{name}: “{plan}” has ended"),
    PlanFact.PRICE_OFFERED: N_("{name}: a new price of “{plan}”"),
    PlanFact.MONEY_BACK: N_("{name}: money for “{plan}” goes back"),
    PlanFact.AUTOPAY_OFF: N_("{name}: “{plan}” is not renewed by itself any more"),
}


def presenters(services: Services, post: Post) -> dict[str, Present]:
    async def present(news: PlanNews, letter: Letter, tr: Translator) -> Words | None:
        """What is about to come is not told where it will not come any more."""
        mine = None if letter.user_id is None else await services.subscriptions.of(letter.user_id)
        if not is_relevant(news, mine):
            return None
        plan = await services.plans.get(news.plan_id)
        subject = tr.gettext(SUBJECTS[news.fact], name=post.sender.name, plan=plan_title(plan, tr))
        told = (Html("\n".join(plan_news(news, plan, tr))),)
        return Words(subject=subject, paragraphs=told, link=subscription_link(post, tr))

    return presenting(PlanNews, present)


def subscription_link(post: Post, tr: Translator) -> Link:
    return Link(label=tr.gettext("My subscription"), url=f"{post.site}/subscription")
