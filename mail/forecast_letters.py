"""What came of a forecast, as a letter."""

from i18n.forecasts import judged_lines
from i18n.translator import Translator
from mail.delivery import Post, Present
from mail.messages import Link, Words
from services.container import Services
from services.forecasts.queries import ForecastNotFound
from services.notifications.kinds.forecasts import ForecastJudged
from services.notifications.letter import Letter
from services.notifications.presenting import presenting


def presenters(services: Services, post: Post) -> dict[str, Present]:
    name = post.sender.name

    async def judged(news: ForecastJudged, letter: Letter, tr: Translator) -> Words | None:
        if letter.user_id is None:
            return None
        try:
            view = await services.forecasts.judged(news.forecast_id, user_id=letter.user_id)
        except ForecastNotFound:
            return None
        subject = tr.gettext("{name}: what came of your forecast for {paper}", name=name, paper=view.symbol)
        record = tr.html(
            "One forecast proves little. How often ours came true: {address}", address=f"{post.site}/track"
        )
        switch = tr.html("Such letters are switched off in the profile: {address}", address=f"{post.site}/profile")
        link = Link(label=tr.gettext("Open the answer"), url=f"{post.site}/predictions/{view.prediction_id}")
        return Words(subject=subject, paragraphs=(*judged_lines(view, tr), record), link=link, notes=(switch,))

    return presenting(ForecastJudged, judged)
