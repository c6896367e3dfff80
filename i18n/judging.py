"""What an answer says of its own judging: when it comes, or what came of it."""

import datetime as dt

from i18n.forecasts import change, close_words, void_lines
from i18n.outputs import percent
from i18n.translator import Html, Translator
from services.forecasts.queries import ForecastView, OutcomeView


def came_lines(view: ForecastView, tr: Translator) -> list[Html]:
    """Short, for beside the answer itself: a heading, and a line for each thing that was said."""
    head = tr.html("<b>🗓 What came</b>")
    if (end := view.end) is not None:
        head = tr.html(
            "<b>🗓 What came</b>: {date} the price closed at {close} ({change})",
            date=tr.date(end.day),
            close=close_words(end.close, tr),
            change=change(end.change, tr),
        )
    lines = [_line(outcome, tr) for outcome in view.outcomes if outcome.void is None]
    return [head, *lines, *void_lines(view, tr)]


def _line(outcome: OutcomeView, tr: Translator) -> Html:
    mark = "✅" if outcome.as_said else "🔻"
    return Html(f"{mark} {_words(outcome, tr)}")


def _words(outcome: OutcomeView, tr: Translator) -> Html:
    said, observed = outcome.said, change(outcome.observed or 0.0, tr)
    match said.event, outcome.came:
        case "drawdown", True:
            text = tr.html("A fall of {share} or more came: {change} at the lowest close", **_fall(outcome, tr))
        case "drawdown", _:
            text = tr.html("No fall of {share} or more: {change} at the lowest close", **_fall(outcome, tr))
        case "below", True:
            text = tr.html("Worse than the bad case of {said}", said=change(said.stated or 0.0, tr))
        case "below", _:
            text = tr.html("Not worse than the bad case of {said}", said=change(said.stated or 0.0, tr))
        case _, True:
            text = tr.html("Inside the band of {share}: {change}", share=percent(said.measure, 0, tr), change=observed)
        case _:
            text = tr.html("Outside the band of {share}: {change}", share=percent(said.measure, 0, tr), change=observed)
    return text


def _fall(outcome: OutcomeView, tr: Translator) -> dict[str, str]:
    return {"share": percent(outcome.said.measure, 0, tr), "change": change(outcome.observed or 0.0, tr)}


def promise(horizon: int, last: dt.date, due: dt.date, tr: Translator, *, told: bool) -> str:
    """Before it is bought. `last`: of the last close that it knows."""
    said = tr.ngettext(
        "🗓 This forecast will be judged about {due}, by the closes of {n} trading day after {last}.",
        "🗓 This forecast will be judged about {due}, by the closes of {n} trading days after {last}.",
        horizon,
        due=tr.date(due),
        last=tr.day(last),
    )
    return f"{said} " + tr.gettext("You will be told what came.") if told else said


def waiting_line(view: ForecastView, tr: Translator) -> Html:
    """Of one that is not judged yet."""
    when = tr.date(view.due_on or view.last_day)
    if view.told:
        return tr.html("🗓 To be judged about {date}; you will be told what came.", date=when)
    return tr.html("🗓 To be judged about {date}; what came will be seen here.", date=when)
