"""What forecasts said, what came, and how good they were, in words."""

from dataclasses import dataclass
from typing import Final

from db.tables.forecasts import VoidReason
from i18n.outputs import percent
from i18n.translator import Html, Translator
from services.charts import Calibration, CalibrationPoint
from services.errors import N_
from services.forecasts.figures import ENOUGH, OutcomeFigures
from services.forecasts.queries import ForecastView, OutcomeView
from services.forecasts.record import Counts, RecordPart
from services.forecasts.said import StatedOutcome

WHOLE_DASH: Final = "\u2060–\u2060"
"""No line ends before or behind it."""
WHY_VOID: Final = {
    VoidReason.DELISTED: N_("it is not traded any more"),
    VoidReason.HALTED: N_("its trading was halted"),
    VoidReason.UNKNOWN: N_("the exchange does not know it any more"),
    VoidReason.NO_ANCHOR: N_("the exchange has no price of the day that it began from"),
    VoidReason.JUMPED: N_("its price jumped, and no split of the paper explains it"),
    VoidReason.SILENT: N_("for months there were no prices of it"),
}


def judged_lines(view: ForecastView, tr: Translator) -> list[Html]:
    """A paragraph each: of what, and what was said and came."""
    paper = tr.html("<b>{name}</b> ({symbol})", name=view.name or view.symbol, symbol=view.symbol)
    made = tr.html(
        "The forecast is of {date}; the last close then: {close}.",
        date=tr.date(view.made_at),
        close=close_words(view.last_close, tr),
    )
    head = Html("\n".join([paper, made, *_end(view, tr)]))
    lines = [_line(outcome, view, tr) for outcome in view.outcomes if outcome.void is None]
    return [head, *lines, *void_lines(view, tr)]


def void_lines(view: ForecastView, tr: Translator) -> list[Html]:
    """Why nothing can be said of it, or of a part of it; none where all was judged."""
    void = next((outcome.void for outcome in view.outcomes if outcome.void is not None), None)
    if void is None:
        return []
    reason = tr.gettext(WHY_VOID[VoidReason(void)])
    if view.void is not None:
        return [tr.html("Nothing can be said of what came: {reason}.", reason=reason)]
    return [tr.html("Nothing can be said of the rest: {reason}.", reason=reason)]


def _end(view: ForecastView, tr: Translator) -> list[Html]:
    """By which close it was judged."""
    if (end := view.end) is not None:
        return [
            tr.html(
                "Its time ended on {date}: the price closed at {close} ({change}).",
                date=tr.date(end.day),
                close=close_words(end.close, tr),
                change=change(end.change, tr),
            )
        ]
    return [] if view.until is None else [tr.html("Judged by the closes up to {date}.", date=tr.date(view.until))]


def _line(outcome: OutcomeView, view: ForecastView, tr: Translator) -> Html:
    said, mark = outcome.said, "✅" if outcome.as_said else "🔻"
    observed = change(outcome.observed or 0.0, tr)
    return Html(f"{_told(said, view, tr)}\n{mark} {_came(said, outcome.came is True, observed, tr)}")


def _told(said: StatedOutcome, view: ForecastView, tr: Translator) -> Html:
    match said.event:
        case "drawdown":
            return tr.nhtml(
                "Said: a fall of {threshold} or more within {n} trading day has a probability of <b>{probability}</b>.",
                "Said: a fall of {threshold} or more within {n} trading days has a probability of "
                "<b>{probability}</b>.",
                view.horizon,
                threshold=percent(said.measure, 0, tr),
                probability=percent(said.stated or 0, 0, tr),
            )
        case "below":
            return tr.html(
                "Said: in {share} of cases the change is worse than <b>{change}</b>.",
                share=percent(said.measure, 0, tr),
                change=change(said.stated or 0, tr),
            )
    return tr.html(
        "Said: in {share} of cases the price ends between <b>{low}</b> and <b>{high}</b>.",
        share=percent(said.measure, 0, tr),
        low=close_words(said.low or 0, tr),
        high=close_words(said.high or 0, tr),
    )


def _came(said: StatedOutcome, came: bool, observed: str, tr: Translator) -> Html:
    match said.event, came:
        case "drawdown", True:
            return tr.html("It came: at the lowest close the price had changed by {change}.", change=observed)
        case "drawdown", False:
            return tr.html("It did not come: at the lowest close the price had changed by {change}.", change=observed)
        case "below", True:
            return tr.html("It was worse: at the end the price had changed by {change}.", change=observed)
        case "below", False:
            return tr.html("It was not worse: at the end the price had changed by {change}.", change=observed)
        case _, True:
            return tr.html("It ended inside: the price had changed by {change}.", change=observed)
    return tr.html("It ended outside: the price had changed by {change}.", change=observed)


def change(per_cent: float, tr: Translator) -> str:
    """`+1.3 %`, `−6.0 %`."""
    sign = "+" if per_cent > 0 else ""
    return f"{sign}{tr.number(per_cent, 1)}\u00a0%".replace("-", "−")


def close_words(value: float, tr: Translator) -> str:
    """A price, with as many decimals as tell something."""
    return tr.number(value, 2 if abs(value) >= 1 else 5)


def event_title(figures: OutcomeFigures, tr: Translator) -> str:
    share, horizon = percent(figures.measure, 0, tr), figures.horizon
    match figures.event:
        case "drawdown":
            return tr.ngettext(
                "Probability of a fall of {share} or more within {n} trading day",
                "Probability of a fall of {share} or more within {n} trading days",
                horizon,
                share=share,
            )
        case "below":
            return tr.ngettext(
                "The bad case after {n} trading day: worse in {share} of cases",
                "The bad case after {n} trading days: worse in {share} of cases",
                horizon,
                share=share,
            )
    return tr.ngettext(
        "The band after {n} trading day: inside in {share} of cases",
        "The band after {n} trading days: inside in {share} of cases",
        horizon,
        share=share,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One figure: `detail`, of how many it is; `meaning`, a sentence that says what it is and which way is good."""

    label: str
    value: str
    detail: str = ""
    meaning: str = ""

    @property
    def told(self) -> str:
        return f"{self.value} ({self.detail})" if self.detail else self.value


def score_lines(figures: OutcomeFigures, tr: Translator) -> list[ScoreLine]:
    if figures.event == "drawdown":
        return [_share(tr.gettext("It came"), figures, tr), *_probability_lines(figures, tr)]
    said = percent(figures.measure, 0, tr)
    if figures.event == "below":
        meaning = tr.gettext(
            "How far the bad case was from what came, on average; where it came worse than said, that weighs more. "
            "Less is better."
        )
        label = tr.gettext("Error of the bad case (pinball loss), % of the price")
        error = ScoreLine(label=label, value=tr.number(figures.score, 3), meaning=meaning)
        return [_share(tr.gettext("Worse than said (should be {share})", share=said), figures, tr), error]
    meaning = tr.gettext(
        "How wide the band is, and more wherever the price ended outside: a narrow band that holds is the best. "
        "Less is better."
    )
    label = tr.gettext("Error of the band (interval score), % of the price")
    error = ScoreLine(label=label, value=tr.number(figures.score, 2), meaning=meaning)
    return [_share(tr.gettext("Inside the band (should be {share})", share=said), figures, tr), error]


def _probability_lines(figures: OutcomeFigures, tr: Translator) -> list[ScoreLine]:
    lines = [
        ScoreLine(
            label=tr.gettext("Error of the probabilities (Brier score)"),
            value=tr.number(figures.score, 4),
            meaning=tr.gettext(
                "The mean square of how far the probability was from what came, which is 1 or 0. "
                "Without any error it is 0; less is better."
            ),
        )
    ]
    if figures.base_score is not None:
        label = tr.gettext("For comparison: always saying {share}", share=percent(figures.share, 1, tr))
        meaning = tr.gettext(
            "The same error of who knows only how often it came in all. A forecast is of use where its own is less."
        )
        lines.append(ScoreLine(label=label, value=tr.number(figures.base_score, 4), meaning=meaning))
    if figures.skill is not None:
        better = figures.skill > 0
        label = tr.gettext("Better than the comparison by") if better else tr.gettext("Worse than the comparison by")
        lines.append(ScoreLine(label=label, value=percent(abs(figures.skill), 1, tr)))
    return lines


def _share(label: str, figures: OutcomeFigures, tr: Translator) -> ScoreLine:
    detail = tr.gettext(
        "{came} of {count}; interval {interval}",
        came=figures.came,
        count=figures.count,
        interval=interval(figures.low, figures.high, tr),
    )
    return ScoreLine(label=label, value=percent(figures.share, 1, tr), detail=detail)


def interval(low: float, high: float, tr: Translator) -> str:
    return f"{percent(low, 0, tr)}{WHOLE_DASH}{percent(high, 0, tr)}"


def less_is_better(tr: Translator) -> Html:
    """Of all errors, where there is no room for what each is."""
    return tr.html("Of all errors: less is better, 0 is without any.")


def short_line(part: RecordPart, tr: Translator) -> str:
    """Of a version or a paper, what was judged enough to say it; else empty."""
    probability, band = part.of_event("drawdown"), part.of_event("inside")
    said = []
    if probability is not None and probability.is_enough:
        said.append(
            tr.gettext(
                "error of the probabilities {score} (for comparison {base})",
                score=tr.number(probability.score, 4),
                base=tr.number(probability.base_score or 0, 4),
            )
        )
    if band is not None and band.is_enough:
        said.append(tr.gettext("inside the band {share}", share=percent(band.share, 1, tr)))
    return " · ".join(said)


def calibration_of(figures: OutcomeFigures, tr: Translator) -> Calibration | None:
    """None where nothing was judged that has a probability."""
    if not figures.bins:
        return None
    points = tuple(
        CalibrationPoint(stated=each.stated, came=each.share, low=each.low, high=each.high, count=each.count)
        for each in figures.bins
    )
    return Calibration(
        title=event_title(figures, tr),
        points=points,
        x_label=tr.gettext("probability that was said"),
        y_label=tr.gettext("how often it came, with a 95 % interval; above it how many forecasts"),
        write=tr.axis(0),
    )


def counts_line(counts: Counts, tr: Translator) -> Html:
    return tr.html(
        "Judged: <b>{judged}</b>, waiting: {waiting}, void: {void}.",
        judged=counts.judged,
        waiting=counts.waiting,
        void=counts.void,
    )


def too_early(tr: Translator) -> Html:
    return tr.nhtml(
        "It is too early to say how good they are: fewer than {n} has been judged.",
        "It is too early to say how good they are: fewer than {n} have been judged.",
        ENOUGH,
    )


def overlap_line(horizon: int, tr: Translator) -> Html:
    """Why intervals are too narrow."""
    return tr.nhtml(
        "One forecast a week and paper, each for {n} trading day: neighbouring ones see partly the same days, and "
        "papers move together. The intervals take them as independent, so they are narrower than they should be.",
        "One forecast a week and paper, each for {n} trading days: neighbouring ones see partly the same days, and "
        "papers move together. The intervals take them as independent, so they are narrower than they should be.",
        horizon,
    )
