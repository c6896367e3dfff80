"""A table that was answered, as a letter that leads to its page."""

from db.tables.scorings import ScoringStatus
from i18n.scorings import ended_lines
from i18n.titles import titles_in
from i18n.translator import Translator
from mail.delivery import Post, Present
from mail.messages import Link, Words
from services.container import Services
from services.notifications.kinds.scorings import ScoringEnded
from services.notifications.letter import Letter
from services.notifications.presenting import presenting
from services.scoring.queries import ScoringNotFound


def presenters(services: Services, post: Post) -> dict[str, Present]:
    name = post.sender.name

    async def ended(news: ScoringEnded, letter: Letter, tr: Translator) -> Words | None:
        if news.look or letter.user_id is None:
            return None
        try:
            view = await services.scorings.get(news.scoring_id, user_id=letter.user_id)
        except ScoringNotFound:
            return None
        if view.finished_at is None or view.status is ScoringStatus.CANCELED:
            return None
        title = (await titles_in(tr, services.models, presets=view.preset_id is not None)).bought(view)
        subject = tr.gettext("{name}: your table for “{title}” is done", name=name, title=title.text)
        link = Link(label=tr.gettext("Open it"), url=f"{post.site}/tables/{view.id}")
        return Words(subject=subject, paragraphs=(title.heading, *ended_lines(view, tr)), link=link)

    return presenting(ScoringEnded, ended)
