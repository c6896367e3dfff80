"""What came of a customer's forecast."""

from handlers.kit import buttons
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.limits import TEXT, cut
from handlers.telegram.screen import Button, Screen
from i18n.forecasts import judged_lines
from i18n.translator import Translator
from services.container import Services
from services.forecasts.queries import ForecastNotFound
from services.notifications.kinds.forecasts import ForecastJudged
from services.notifications.notification import Notification
from services.notifications.presenting import presenting


def presenters(services: Services) -> dict[str, Present]:
    async def present(news: ForecastJudged, notification: Notification, tr: Translator) -> Rendered | None:
        try:
            view = await services.forecasts.judged(news.forecast_id, user_id=notification.user_id)
        except ForecastNotFound:
            return None
        head = tr.html("<b>🗓 What came of your forecast</b>")
        foot = tr.html("One forecast proves little. How often ours came true: /track")
        answer = Button(text=tr.gettext("🔮 The answer"), action=buttons.outcome_action(view.prediction_id))
        mute = Button(text=tr.gettext("🔕 Do not tell me what came"), action=f"{buttons.PROFILE}:outcomes:off")
        text = cut("\n\n".join([head, *judged_lines(view, tr), foot]), TEXT)
        return Rendered(screen=Screen(text=text, rows=((answer,), (mute,))))

    return presenting(ForecastJudged, present)
