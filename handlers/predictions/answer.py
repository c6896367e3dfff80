"""The text of an answer, as full as there is room for."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Final

from handlers.predictions.outputs import outputs_html
from handlers.telegram.limits import cut, length
from i18n.answers import advice_text
from i18n.inputs import paper_words, value_words
from i18n.judging import came_lines, waiting_line
from i18n.predictions import plain_answers
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.forecasts.queries import ForecastView
from services.manifests.manifest import FileInput, Manifest
from services.market.origin import origin_of
from services.predictions.history import PredictionView

BRIEF: Final = 3  # so many answers of the customer stand under the title
BRIEF_CHARS: Final = 160
LISTED: Final = 20  # so many are listed at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """`explained`: every output that has a help."""

    text: str
    explained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`plain`: nothing of it fits the manifest; `given`: inputs that the style filled in, not the customer; `forecast`:
    what it says of a paper, where that is judged by what comes."""

    view: PredictionView
    manifest: Manifest
    heading: Html
    footer: Html
    tr: Translator
    forecast: ForecastView | None = None
    plain: bool = False
    given: Set[str] = frozenset()

    def fullest(self, limit: int) -> "Fitted":
        """A long list of what was asked goes first, then what the outputs mean, the last of them first; then all that
        was asked but the paper, and the advice of one that was judged: its time is over."""
        outputs = len(self.manifest.outputs)
        text, helped = "", outputs
        for asked, helped, advised in self._choices():
            text = self._composed(asked, helped, advised)
            if length(text) <= limit:
                break
        return Fitted(text=cut(text, limit), explained=helped == outputs)

    def _choices(self) -> Iterator[tuple[list[str], int, bool]]:
        asked, outputs = self._asked(), len(self.manifest.outputs)
        if not _brief(asked):
            yield asked, outputs, True
            asked = []
        yield from ((asked, helped, True) for helped in range(outputs, -1, -1))
        shortest = [asked, self._papers()] if self._papers() else [asked]
        yield from ((each, 0, True) for each in shortest[1:])
        if self._is_judged:
            yield from ((each, 0, False) for each in shortest)

    def _papers(self) -> list[str]:
        """What a forecast is of."""
        origins = [origin_of(self.view.inputs.get(field.name)) for field in self.manifest.inputs]
        return [paper_words(each.instrument) for each in origins if each is not None]

    @property
    def _is_judged(self) -> bool:
        return self.forecast is not None and bool(self.forecast.outcomes)

    def _standing(self, *, judged: bool) -> Html:
        """What came, or when that is seen."""
        if self.forecast is None or self._is_judged is not judged:
            return Html()
        return Html("\n".join(came_lines(self.forecast, self.tr))) if judged else waiting_line(self.forecast, self.tr)

    def _composed(self, asked: list[str], helped: int, advised: bool) -> str:
        """`asked`: what the customer answered; `helped`: how many outputs are explained."""
        tr, result = self.tr, self.view.result or {}
        head, folded = self.heading, Html()
        if asked and _brief(asked):
            head = Html(f"{head}\n<i>{tr.escape(' · '.join(asked))}</i>")
        elif asked:
            shown = [*asked[:LISTED], "…"] if len(asked) > LISTED else asked
            folded = Html("<blockquote expandable>{}</blockquote>".format(tr.escape("\n".join(shown))))
        answers = (
            plain_words(self.view, tr)
            if self.plain
            else outputs_html(self.manifest, result.get("outputs", {}), tr, helped=helped)
        )
        advice = tr.escape(advice_text(self.manifest, result, tr)) if advised else ""
        parts = [
            head,
            self._standing(judged=True),
            answers,
            f"💡 {advice}" if advice else "",
            folded,
            self._standing(judged=False),
            self.footer,
        ]
        return "\n\n".join(part for part in parts if part)

    def _asked(self) -> list[str]:
        """Pictures are left out: their name says nothing."""
        inputs = self.view.inputs
        return [
            f"{cut_plain(self.tr.pick(field.label), 60)}: {value_words(field, inputs[field.name], self.tr)}"
            for field in self.manifest.inputs
            if field.name in inputs and field.name not in self.given and not isinstance(field, FileInput)
        ]


def plain_words(view: PredictionView, tr: Translator) -> Html:
    """Where showing the answers properly is not possible."""
    return Html("\n".join(f"{tr.escape(name)}: <b>{tr.escape(answer)}</b>" for name, answer in plain_answers(view)))


def _brief(asked: list[str]) -> bool:
    return len(asked) <= BRIEF and sum(map(len, asked)) <= BRIEF_CHARS
