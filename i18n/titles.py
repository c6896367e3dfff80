"""What models and presets are called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.manifests.schema import Text
from services.market.origin import origin_of
from services.models.offers import Offer
from services.predictions.history import PredictionView
from services.scoring.queries import ScoringView


class Titled(Protocol):
    """Manifests, offers, presets, forms, an admin's lines."""

    @property
    def title(self) -> str | Text | dict[str, str]: ...

    @property
    def icon(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """In one reader's language, plain; as a string, the icon and the text."""

    text: str
    icon: str = ""

    def __str__(self) -> str:
        return f"{self.icon} {self.text}" if self.icon else self.text

    def cut(self, length: int) -> str:
        """Not longer than so many characters of text."""
        return str(replace(self, text=cut_plain(self.text, length)))

    @property
    def heading(self) -> Html:
        return Html(f"{Translator.escape(self.icon or '🔮')} <b>{Translator.escape(self.text)}</b>")


def title_of(titled: Titled, tr: Translator) -> Title:
    return Title(text=tr.pick(titled.title), icon=titled.icon or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles:
    """What is called how. `find`: a model by its slug, sold or not; `presets`: those that may be asked for. What is
    found nowhere is called by its slug."""

    find: Callable[[str], Titled | None]
    tr: Translator
    presets: Sequence[Offer] = ()

    def of(self, slug: str) -> Title:
        titled = self.find(slug) or next((each for each in self.presets if each.slug == slug), None)
        return Title(text=slug) if titled is None else title_of(titled, self.tr)

    def bought(self, view: PredictionView | ScoringView) -> Title:
        """The preset's that it was bought as, else its model's."""
        preset = next((each for each in self.presets if each.preset_id == view.preset_id), None)
        return self.of(view.model_slug) if preset is None else title_of(preset, self.tr)

    def listed(self, view: PredictionView) -> Title:
        """The same in a list, with the papers that it is of."""
        origins = [origin_of(value) for value in view.inputs.values()]
        title = self.bought(view)
        papers = [each.instrument.symbol for each in origins if each is not None]
        return replace(title, text=" · ".join([title.text, *papers]))


class Catalogue(Protocol):
    """As much of `Models` as names are taken from."""

    def manifest(self, slug: str) -> Titled | None: ...

    async def sold(self) -> list[Offer]: ...


async def titles_in(tr: Translator, models: Catalogue, *, presets: bool) -> Titles:
    """`presets`: also of those on sale, for which the database is asked."""
    sold = await models.sold() if presets else []
    return Titles(find=models.manifest, tr=tr, presets=[each for each in sold if each.preset_id is not None])


async def title_in_menu(slug: str, models: Catalogue, tr: Translator) -> Title:
    """Of a model, or of a preset on sale."""
    titles = await titles_in(tr, models, presets=models.manifest(slug) is None)
    return titles.of(slug)
