"""A table that comes back with answers."""

from datetime import timedelta
from typing import Final

from db.tables.scorings import ScoringStatus
from handlers.kit import buttons
from handlers.scoring.screens import ended_words
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.limits import CAPTION, cut
from handlers.telegram.screen import Button, Document, Screen
from i18n.translator import Translator
from services.clock import Clock
from services.container import Services
from services.notifications.kinds.scorings import ScoringEnded
from services.notifications.message_ref import message_of, thread_of
from services.notifications.notification import Notification
from services.notifications.presenting import presenting
from services.scoring.queries import ScoringNotFound, ScoringView
from services.scoring.service import result_name

IN_PLACE: Final = timedelta(minutes=1)  # who waits longer has put the phone away


def presenters(services: Services, clock: Clock) -> dict[str, Present]:
    async def present(news: ScoringEnded, notification: Notification, tr: Translator) -> Rendered | None:
        try:
            view = await services.scorings.get(news.scoring_id, user_id=notification.user_id)
        except ScoringNotFound:
            return None
        if view.finished_at is None:
            return None
        screen = await ended_screen(view, services, tr)
        place = view.shown_in
        late = clock() - view.created_at > IN_PLACE
        if news.look:
            return None if late else Rendered(screen=screen, into=message_of(place), told=True)
        instead = message_of(place) if late else None
        into = None if late else message_of(place)
        return Rendered(screen=screen, into=into, thread_id=thread_of(place), instead_of=instead)

    return presenting(ScoringEnded, present)


async def ended_screen(view: ScoringView, services: Services, tr: Translator) -> Screen:
    """The file alone is what was bought: where it is refused nothing else takes its place."""
    user = await services.users.get(view.user_id)
    offer = await services.scorings.offer_of(view)
    text = cut(ended_words(view, offer, user.balance, tr), CAPTION)
    rows: list[buttons.Row] = []
    if offer is not None:
        rows.append((Button(text=tr.gettext("📋 Another table"), action=f"{buttons.TABLE}:{offer.slug}"),))
    rows.append((buttons.menu_button(tr),))
    content = await services.scorings.result(view) if view.status is ScoringStatus.SUCCEEDED else None
    document = None if content is None else Document(name=result_name(view), content=content)
    return Screen(text=text, rows=tuple(rows), document=document, speaks=False)
