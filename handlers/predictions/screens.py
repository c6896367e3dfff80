"""A prediction as its customer sees it: waiting, answered or paid back."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final

import structlog

from db.tables.predictions import PredictionStatus
from handlers.kit import buttons
from handlers.predictions.answer import Answered, Fitted, plain_words
from handlers.predictions.outputs import outputs_html
from handlers.predictions.sources import AnswerSources
from handlers.telegram.limits import CAPTION, TEXT, cut
from handlers.telegram.photos import photo_or_file, suffix_of
from handlers.telegram.screen import Button, Document, Screen
from i18n.charts import chart_of
from i18n.predictions import reason
from i18n.titles import titles_in
from i18n.translator import Html, Translator
from services.charts import draw
from services.forecasts.queries import ForecastView
from services.images.studio import picture_job, with_strength
from services.manifests.manifest import Manifest
from services.predictions.enclosures import Enclosure, enclosures
from services.predictions.history import PredictionView

log = structlog.get_logger()

AGAIN: Final = "again"  # again:<hex id>
CANCEL: Final = "cancel"  # cancel:<hex id>
CHANGE: Final = "change"  # change:<hex id>
OTHER_STYLE: Final = "other-style"  # other-style:<hex id>: the same photo, another style
USE_RESULT: Final = "use-result"  # use-result:<hex id>: the result as the next photo
STRENGTH: Final = "strength"  # strength:<hex id>:<+ or ->
AS_FILE: Final = "as-file"  # as-file:<hex id>: the result as it was made
COMPARE: Final = "compare"  # compare:<hex id>: photo and result side by side
ENCLOSED: Final = "enclosed"  # enclosed:<hex id>: what came below the answer, once more
MEANING: Final = "meaning"  # meaning:<hex id>: the numbers with what they mean


async def prediction_screen(
    view: PredictionView, sources: AnswerSources, *, balance: int, page: int | None = None
) -> Screen:
    """`balance` in hundredths of a credit; `page`: of the history that it was opened from, where the balance of today
    is not that of then."""
    tr = sources.tr
    manifest = sources.models.manifest(view.model_slug)
    titles = await titles_in(tr, sources.models, presets=view.preset_id is not None)
    heading = titles.bought(view).heading
    below = (*_track_rows(view, manifest, tr), *_rows(view, tr, page, repeatable=manifest is not None))
    rows = (*_picture_rows(view, manifest, tr), *below)
    if view.status is not PredictionStatus.SUCCEEDED:
        text = "\n\n".join([heading, _unanswered(view, manifest, tr, balance if page is None else None)])
        return Screen(text=cut(text, TEXT), rows=rows)
    painted = await sources.history.images(view)
    photo, document = await _picture(view, painted, manifest, sources)
    limit = TEXT if photo is None and document is None else CAPTION
    footer = _footer(view, tr, balance if page is None else None)
    if manifest is None:
        gone = tr.html("This model has left the shop; its answers cannot be shown any more.")
        text = cut("\n\n".join([heading, gone, footer]), limit)
        return Screen(text=text, rows=rows, photo=photo, photo_name=photo_name(painted), document=document)
    speaks = _speaks(view, manifest)
    plain = not speaks and photo is None and document is None
    given = await sources.models.preset_inputs(view.preset_id)
    answered = Answered(
        view=view,
        manifest=manifest,
        heading=heading,
        forecast=await _forecast(view, manifest, sources),
        footer=footer,
        tr=tr,
        plain=plain,
        given=frozenset(given),
    )
    words = _words(answered, limit)
    return Screen(
        text=words.text,
        rows=rows if words.explained else (*_picture_rows(view, manifest, tr), (_meaning_button(view, tr),), *below),
        photo=photo,
        photo_name=photo_name(painted),
        document=document,
        speaks=plain or (speaks and (page is not None or not painted)),
    )


def _words(answered: Answered, limit: int) -> Fitted:
    """What was paid for is told as it is kept where a fault of the shop keeps it from being worded."""
    try:
        return answered.fullest(limit)
    except Exception:
        view, tr = answered.view, answered.tr
        log.exception("answer_not_worded", prediction_id=str(view.id), model=view.model_slug)
        text = cut("\n\n".join([answered.heading, plain_words(view, tr), answered.footer]), limit)
        return Fitted(text=text, explained=True)


def meaning_screen(view: PredictionView, manifest: Manifest, tr: Translator) -> Screen:
    """All numbers with what they mean, for which there was no room."""
    outputs = (view.result or {}).get("outputs", {})
    words = outputs_html(manifest, outputs, tr, helped=len(manifest.outputs))
    return Screen(text=cut("\n\n".join([tr.html("<b>ℹ️ What the numbers mean</b>"), words]), TEXT))


def _speaks(view: PredictionView, manifest: Manifest) -> bool:
    """Whether the words alone are an answer: a picture cannot be told, and where it was bought with words they are not
    all of it."""
    outputs = (view.result or {}).get("outputs", {})
    return any(outputs.get(output.name) is not None for output in manifest.outputs)


async def _picture(
    view: PredictionView, painted: Mapping[str, bytes], manifest: Manifest | None, sources: AnswerSources
) -> tuple[bytes | None, Document | None]:
    """What the model painted, as a photo or a file, or a chart of what it answered."""
    if painted:
        name, content = next(iter(painted.items()))
        return photo_or_file(content, name)
    return (None if manifest is None else await chart_picture(view, manifest, sources)), None


def photo_name(painted: Mapping[str, bytes]) -> str:
    """Of the file that the first picture is, or a chart where there is none."""
    name, content = next(iter(painted.items()), ("chart", b""))
    return f"{name}{suffix_of(content)}"


async def chart_picture(view: PredictionView, manifest: Manifest, sources: AnswerSources) -> bytes | None:
    """PNG of the chart that the manifest asks for; none where it cannot be drawn: the answer is told in words too."""
    outputs = (view.result or {}).get("outputs", {})
    folder = sources.models.folder(view.model_slug)

    def chart() -> bytes | None:
        spec = chart_of(manifest, view.inputs, outputs, folder, sources.tr)
        return None if spec is None else draw(spec)

    try:
        return await asyncio.to_thread(chart)
    except Exception:
        log.exception("chart_not_drawn", prediction_id=str(view.id), model=view.model_slug)
        return None


async def _forecast(view: PredictionView, manifest: Manifest, sources: AnswerSources) -> ForecastView | None:
    if not manifest.outcomes:
        return None
    return await sources.forecasts.of_prediction(view.id, user_id=view.user_id)


def _footer(view: PredictionView, tr: Translator, balance: int | None) -> Html:
    price = tr.credits(view.price) if view.price else tr.gettext("free")
    moment = tr.moment(view.finished_at or view.created_at)
    if balance is None:
        return tr.html("<i>{price} · {moment}</i>", price=price, moment=moment)
    return tr.html(
        "<i>{price} · {moment} · balance {balance}</i>", price=price, moment=moment, balance=tr.amount(balance)
    )


def _unanswered(view: PredictionView, manifest: Manifest | None, tr: Translator, balance: int | None) -> Html:
    match view.status:
        case PredictionStatus.QUEUED:
            return tr.html("⏳ It waits in the queue. The answer will come here by itself.")
        case PredictionStatus.RUNNING:
            return tr.html("⚙️ The model is running. The answer will come here by itself.")
    said = tr.escape(reason(view, manifest, tr))
    if not view.price:
        return Html(f"↩️ {said}")
    price = tr.credits(view.price)
    back = tr.html("Returned to you: <b>{price}</b>.", price=price)
    if balance is not None:
        back = tr.html("Returned to you: <b>{price}</b>. Balance: {balance}", price=price, balance=tr.amount(balance))
    return Html(f"↩️ {said}\n{back}")


def _rows(view: PredictionView, tr: Translator, page: int | None, *, repeatable: bool) -> tuple[buttons.Row, ...]:
    back = buttons.menu_button(tr)
    if page is not None:
        back = buttons.back_button(tr, buttons.history_action("predictions", page))
    if view.finished_at is None or not repeatable:
        return ((buttons.models_button(tr), back),)
    again = Button(text=tr.gettext("🔁 Again"), action=f"{AGAIN}:{view.id.hex}")
    change = Button(text=tr.gettext("✏️ Change an answer"), action=f"{CHANGE}:{view.id.hex}")
    history = Button(text=tr.gettext("🧾 History"), action=buttons.HISTORY)
    if page is None:
        return ((again, change), (history, back))
    more = ((enclosed_button(view, tr),),) if any(enclosures_of(view)) else ()
    return ((again, change), *more, (buttons.models_button(tr), back))


def _track_rows(view: PredictionView, manifest: Manifest | None, tr: Translator) -> list[buttons.Row]:
    """Of a forecast that is judged by what comes."""
    judged = manifest is not None and manifest.outcomes and view.status is PredictionStatus.SUCCEEDED
    return [(buttons.track_button(tr, view.model_slug),)] if judged else []


def _picture_rows(view: PredictionView, manifest: Manifest | None, tr: Translator) -> list[buttons.Row]:
    """What may follow a picture that was made of a picture."""
    if manifest is None or picture_job(view, manifest) is None:
        return []

    def button(text: str, name: str, more: str = "") -> Button:
        return Button(text=text, action=f"{name}:{view.id.hex}{more}")

    next_photo = button(tr.gettext("🖼 Paint over this one"), USE_RESULT)
    compared = button(tr.gettext("↔️ Before and after"), COMPARE)
    strengths = [
        button(text, STRENGTH, f":{way}")
        for text, way, steps in ((tr.gettext("➖ Weaker"), "-", -1), (tr.gettext("➕ Stronger"), "+", 1))
        if with_strength(view, manifest, steps=steps) is not None
    ]
    styles = [button(tr.gettext("🎨 Another style"), OTHER_STYLE)] if view.preset_id is not None else []
    as_file = button(tr.gettext("📎 As a file"), AS_FILE)
    return [row for row in (tuple(strengths), (*styles, next_photo), (compared, as_file)) if row]


def enclosed_button(view: PredictionView, tr: Translator) -> Button:
    return Button(text=tr.gettext("📎 Files"), action=f"{ENCLOSED}:{view.id.hex}")


def _meaning_button(view: PredictionView, tr: Translator) -> Button:
    return Button(text=tr.gettext("ℹ️ What the numbers mean"), action=f"{MEANING}:{view.id.hex}")


def enclosures_of(view: PredictionView) -> Iterator[Enclosure]:
    """What may have come below the answer."""
    result = view.result if view.status is PredictionStatus.SUCCEEDED else None
    return enclosures(result, painted=bool((result or {}).get("files")))
