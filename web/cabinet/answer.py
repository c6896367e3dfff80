"""The page of a prediction: waiting, answered or paid back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import structlog
from starlette.responses import Response

from db.tables.predictions import PredictionStatus
from i18n.answers import advice_text, told_answers
from i18n.charts import chart_of
from i18n.forecasts import judged_lines
from i18n.inputs import value_words
from i18n.judging import waiting_line
from i18n.predictions import plain_answers, progress_words, reason
from i18n.prices import price_words
from i18n.tables import answer_tables
from i18n.titles import titles_in
from services.charts import Bars
from services.errors import N_
from services.images.studio import STRENGTH, picture_job, with_strength
from services.manifests.manifest import FileInput, Manifest, SoundInput, SoundOutput
from services.predictions.enclosures import Enclosure, enclosures
from services.predictions.history import PredictionView
from services.predictions.watching import PredictionState
from services.values.kept_files import ids_in
from web.cabinet.charts import Drawn, drawn
from web.cabinet.entries import FILE
from web.kit.pages import page
from web.kit.viewer import Customer

log = structlog.get_logger()
LONG: Final = 32  # characters
CANCELED: Final = {
    "canceled": N_("Canceled; your credits are back."),
    "asked": N_("Canceling. If the answer is quicker, it counts."),
    "too_late": N_("It is too late to cancel."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """An answer in words. `written`: a text of the model's own."""

    label: str
    value: str
    aside: str = ""
    others: str = ""
    help: str = ""
    written: bool = False
    table: Sequence[Sequence[str]] = ()

    @property
    def long(self) -> bool:
        """A sentence, or a text of the model's own."""
        return self.written or len(self.value) > LONG


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPicture:
    """`name`: of its output; `save`: it can be kept as a file."""

    label: str
    address: str
    save: str = ""
    is_sound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPage:
    """`again`: the form that repeats it, None where that is not sold."""

    me: Customer
    view: PredictionView
    again: str | None

    @classmethod
    async def of(cls, me: Customer, view: PredictionView) -> Self:
        """Repeated as the preset that it was bought as, while that is sold; else as the model itself."""
        offers = await me.site.services.models.offers()
        preset = (each for each in offers if view.preset_id is not None and each.preset_id == view.preset_id)
        offer = next(preset, next((each for each in offers if each.slug == view.model_slug), None))
        return cls(me=me, view=view, again=None if offer is None else f"/models/{offer.slug}?fill-in={view.id.hex}")

    @property
    def manifest(self) -> Manifest | None:
        return self.me.site.services.models.manifest(self.view.model_slug)

    async def show(self, said: str = "") -> Response:
        services, tr, view = self.me.site.services, self.me.tr, self.view
        finished = view.finished_at is not None
        titles = await titles_in(tr, services.models, presets=view.preset_id is not None)
        return page(
            self.me,
            "cabinet/prediction.html",
            view=view,
            title=titles.bought(view),
            finished=finished,
            succeeded=view.status is PredictionStatus.SUCCEEDED,
            progress="" if finished else progress_words(await self._state(), tr),
            may_cancel=services.predictions.may_cancel(view.model_slug, view.status),
            reason=reason(view, self.manifest, tr) if finished else "",
            price=price_words(view.price, tr),
            again=self.again,
            asked=await self._asked(),
            judged=self.manifest is not None and bool(self.manifest.outcomes),
            said=tr.gettext(CANCELED[said]) if said in CANCELED else "",
            **(await self._answer() | await self._judging() if view.status is PredictionStatus.SUCCEEDED else {}),
        )

    async def _state(self) -> PredictionState:
        """As it stands now: the first that whoever watches is told."""
        watched = self.me.site.services.prediction_watch.watch(self.view.id, user_id=self.me.user.id)
        try:
            return await anext(watched)
        finally:
            await watched.aclose()

    async def _asked(self) -> Sequence[tuple[str, str, list[str], str]]:
        """Label, words and the files of each answer of the customer that still has a question."""
        given = await self.me.site.services.models.preset_inputs(self.view.preset_id)
        inputs = {name: value for name, value in self.view.inputs.items() if name not in given}
        return [
            (
                self.me.tr.pick(field.label),
                value_words(field, inputs[field.name], self.me.tr),
                [f"/files/{each}" for each in ids_in(inputs[field.name])] if isinstance(field, FileInput) else [],
                "audio" if isinstance(field, SoundInput) else "picture",
            )
            for field in (self.manifest.inputs if self.manifest is not None else ())
            if field.name in inputs
        ]

    async def _answer(self) -> dict[str, Any]:  # Any: what a template names
        view, manifest, tr = self.view, self.manifest, self.me.tr
        result = view.result or {}
        painted = bool(result.get("files"))
        kinds, made = set(enclosures(result, painted=painted)), await self._pictures()
        return {
            "gone": manifest is None,
            "lines": [] if manifest is None else self._lines(manifest),
            "advice": "" if manifest is None else advice_text(manifest, result, tr),
            "chart": None if manifest is None else await self._chart(manifest),
            "pictures": [each for each in made if not each.is_sound],
            "sounds": [each for each in made if each.is_sound],
            "before": self._before(),
            "followers": self._followers(),
            "tables": [] if Enclosure.TABLE not in kinds or manifest is None else await self._tables(manifest),
            "texts": [] if Enclosure.TEXTS not in kinds or manifest is None else self._texts(manifest),
        }

    async def _judging(self) -> dict[str, Any]:  # Any: what a template names
        """Of a forecast of a paper: what came, or when that is seen."""
        tr, shown = self.me.tr, {"came": [], "waits": ""}
        if self.manifest is not None and not self.manifest.outcomes:
            return shown
        view = await self.me.site.services.forecasts.of_prediction(self.view.id, user_id=self.me.user.id)
        if view is None:
            return shown
        return shown | ({"came": judged_lines(view, tr)} if view.outcomes else {"waits": waiting_line(view, tr)})

    def _lines(self, manifest: Manifest) -> list[AnswerLine]:
        """What was paid for is told as it is kept where nothing of it fits the manifest, or showing it fails."""
        tr, outputs = self.me.tr, (self.view.result or {}).get("outputs", {})
        try:
            lines = [
                AnswerLine(
                    label=words.label,
                    value=words.value,
                    aside=words.aside,
                    others=words.others,
                    help="" if output.help is None else tr.pick(output.help),
                    written=words.written,
                    table=words.table,
                )
                for output, words in told_answers(manifest, outputs, tr)
            ]
        except Exception:
            log.exception("answer_not_worded", prediction_id=str(self.view.id), model=self.view.model_slug)
            lines = []
        painted = (self.view.result or {}).get("files")
        return lines or (
            [] if painted else [AnswerLine(label=name, value=said) for name, said in plain_answers(self.view)]
        )

    async def _chart(self, manifest: Manifest) -> Bars | Drawn | None:
        """None where it cannot be drawn: the answer is told in words too."""
        outputs = (self.view.result or {}).get("outputs", {})
        folder = self.me.site.services.models.folder(self.view.model_slug)

        def shapes() -> Bars | Drawn | None:
            spec = chart_of(manifest, self.view.inputs, outputs, folder, self.me.tr)
            return None if spec is None else drawn(spec)

        try:
            return await asyncio.to_thread(shapes)
        except Exception:
            log.exception("chart_not_drawn", prediction_id=str(self.view.id), model=self.view.model_slug)
            return None

    async def _pictures(self) -> list[AnswerPicture]:
        """Those that are still kept."""
        files = (self.view.result or {}).get("files") or {}
        kept = await self.me.site.services.files.known(files.values(), user_id=self.view.user_id)
        outputs = () if self.manifest is None else self.manifest.outputs
        sounds = {each.name for each in outputs if isinstance(each, SoundOutput)}
        labels = {each.name: self.me.tr.pick(each.label) for each in outputs}
        return [
            AnswerPicture(
                label=labels.get(name, name),
                address=f"/predictions/{self.view.id}/pictures/{name}",
                save=f"/predictions/{self.view.id}/pictures/{name}?save=1",
                is_sound=name in sounds,
            )
            for name, file_id in files.items()
            if file_id in kept
        ]

    def _before(self) -> str:
        """The photo that one picture was made of."""
        job = picture_job(self.view, self.manifest)
        return "" if job is None else f"/files/{job.photo_id}"

    def _followers(self) -> list[tuple[str, str]]:
        """What may follow a picture that was made of a picture: words and addresses."""
        view, manifest, tr = self.view, self.manifest, self.me.tr
        job = picture_job(view, manifest)
        if job is None or manifest is None or self.again is None:
            return []
        over = f"{self.again}&{job.photo}-kept={FILE}{job.result_id.hex}"
        styled = view.preset_id is not None
        ways = [(tr.gettext("🎨 Another style"), f"/styles?photo={job.photo_id.hex}")] if styled else []
        for text, steps in ((tr.gettext("➖ Weaker"), -1), (tr.gettext("➕ Stronger"), 1)):
            if (answers := with_strength(view, manifest, steps=steps)) is not None:
                ways.append((text, f"{self.again}&{STRENGTH}={answers[STRENGTH]}"))
        return [*ways, (tr.gettext("🖼 Paint over this one"), f"/styles?photo={job.result_id.hex}" if styled else over)]

    async def _tables(self, manifest: Manifest) -> list[tuple[str, str]]:
        outputs, place = (self.view.result or {}).get("outputs", {}), f"/predictions/{self.view.id}"
        tables = await asyncio.to_thread(answer_tables, manifest, outputs, self.me.tr)
        return [
            (
                f"{each.label}, {each.kind.upper()}",
                f"{place}/tables/{each.output}.{each.kind}" if each.output else f"{place}/table.csv",
            )
            for each in tables
        ]

    def _texts(self, manifest: Manifest) -> list[tuple[str, str]]:
        outputs = (self.view.result or {}).get("outputs", {})
        return [
            (self.me.tr.pick(each.label), f"/predictions/{self.view.id}/texts/{each.name}.txt")
            for each in manifest.outputs
            if each.type == "text" and isinstance(outputs.get(each.name), str) and outputs[each.name]
        ]
