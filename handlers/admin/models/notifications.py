"""What owners read of a model that cannot be sold."""

from collections.abc import Callable

from handlers.admin import buttons as names
from handlers.kit.buttons import Row
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Button, Screen
from i18n.problems import problem_words
from i18n.titles import Titles
from i18n.translator import Translator
from services.container import Services
from services.notifications.kinds.models import (
    AnswerOverHold,
    AnswerUndelivered,
    ModelFails,
    ModelNotLoaded,
    ModelRests,
    ModelServes,
    ModelTrouble,
)
from services.notifications.notification import Notification
from services.notifications.presenting import presenting

Words = Callable[[ModelTrouble, str, Translator], Screen]  # the second is the model's title


def presenters(services: Services) -> dict[str, Present]:
    return {
        **_presenter(ModelNotLoaded, _model_problem, services),
        **_presenter(AnswerUndelivered, _undelivered, services),
        **_presenter(AnswerOverHold, _over_hold, services),
        **_presenter(ModelFails, _stopped, services),
        **_presenter(ModelRests, _rests, services),
        **_presenter(ModelServes, _serves, services),
    }


def _presenter(kind: type[ModelTrouble], words: Words, services: Services) -> dict[str, Present]:
    async def present(news: ModelTrouble, notification: Notification, tr: Translator) -> Rendered:
        title = Titles(find=services.models.manifest, tr=tr).of(news.slug)
        return Rendered(screen=words(news, title.text, tr))

    return presenting(kind, present)


def _model_problem(news: ModelTrouble, title: str, tr: Translator) -> Screen:
    text = tr.html(
        "⚠️ The model “{model}” is not on sale: {problem}", model=title, problem=problem_words(news.problem, tr)
    )
    return Screen(text=text)


def _undelivered(news: ModelTrouble, title: str, tr: Translator) -> Screen:
    text = tr.html(
        "⚠️ An answer of the model “{model}” could not be delivered, and the customer was paid back: {problem}",
        model=title,
        problem=problem_words(news.problem, tr),
    )
    return Screen(text=text)


def _over_hold(news: ModelTrouble, title: str, tr: Translator) -> Screen:
    text = tr.html(
        "💸 The provider of the assistant “{model}” counted more tokens, read + written, than an answer can have:"
        " {problem}. Its customer paid no more than was held for it, the rest is the shop's loss. The provider may"
        " add tokens of its own, or not keep to the limit of the answer: compare its bill with your price.",
        model=title,
        problem=news.problem,
    )
    card = Button(text=tr.gettext("🧠 To the model"), action=names.action(names.MODEL, news.slug))
    return Screen(text=text, rows=((card,),))


def _rests(news: ModelTrouble, title: str, tr: Translator) -> Screen:
    if isinstance(news, ModelRests) and news.fails:
        text = tr.html(
            "💤 The model “{model}” cannot be bought for now: it failed several times in a row, at last with: "
            "{problem}\n"
            "Its example is tried by itself at growing pauses; when it is answered, the model is sold again.",
            model=title,
            problem=problem_words(news.problem, tr),
        )
        return Screen(text=text, rows=_ways_on(news, tr))
    text = tr.html(
        "💤 The model “{model}” cannot be bought for now, its server is away: {problem}\n"
        "It comes back by itself when the server does.",
        model=title,
        problem=problem_words(news.problem, tr),
    )
    return Screen(text=text)


def _serves(_news: ModelTrouble, title: str, tr: Translator) -> Screen:
    return Screen(text=tr.html("🟢 The model “{model}” is on sale again: its server works.", model=title))


def _stopped(news: ModelTrouble, title: str, tr: Translator) -> Screen:
    text = tr.html(
        "🛑 The model “{model}” is not sold any more: it failed several times in a row, at last with: {problem}",
        model=title,
        problem=problem_words(news.problem, tr),
    )
    return Screen(text=text, rows=_ways_on(news, tr))


def _ways_on(news: ModelTrouble, tr: Translator) -> tuple[Row, ...]:
    again = Button(text=tr.gettext("🔁 Try it again"), action=names.action(names.MODEL, news.slug, names.AGAIN))
    card = Button(text=tr.gettext("🧠 To the model"), action=names.action(names.MODEL, news.slug))
    return (again,), (card,)
