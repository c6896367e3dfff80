"""What comes below an answer: its table, its other pictures, pictures as files."""

import asyncio

from handlers.predictions.screens import chart_picture
from handlers.predictions.tables import series_table
from handlers.telegram.photos import fits, loses
from handlers.telegram.screen import Document, Screen
from i18n.translator import Html, Translator
from services.manifests.manifest import Manifest
from services.models.offers import Models
from services.predictions.enclosures import Enclosure
from services.predictions.history import History, PredictionView


async def enclosed(
    view: PredictionView, what: Enclosure, models: Models, history: History, tr: Translator
) -> list[Screen]:
    """Nothing where the answer itself has shown it all, or its model has left the shop."""
    manifest = models.manifest(view.model_slug)
    if manifest is None or view.result is None:
        return []
    if what is Enclosure.TABLE:
        table = Document(name=f"{view.model_slug}.csv", content=series_table(manifest, view.result["outputs"], tr))
        return [Screen(text=tr.html("📄 All numbers"), document=table)]
    painted = await history.images(view)
    if what is Enclosure.ORIGINALS:
        return await asyncio.to_thread(_originals, manifest, painted, tr)
    chart = await chart_picture(view, manifest, models, tr)
    charts = [] if chart is None else [Screen(text="", photo=chart)]
    others = list(painted.items())[1:]
    return charts + [Screen(text=_label(manifest, name, tr), photo=each) for name, each in others if fits(each)]


def _originals(manifest: Manifest, painted: dict[str, bytes], tr: Translator) -> list[Screen]:
    """The first picture is a file already where it is no photo."""
    first = next(iter(painted), None)
    return [
        Screen(text=_label(manifest, name, tr), document=Document(name=f"{name}.png", content=content))
        for name, content in painted.items()
        if loses(content) and (name != first or fits(content))
    ]


def _label(manifest: Manifest, name: str, tr: Translator) -> Html:
    label = next((output.label for output in manifest.outputs if output.name == name), None)
    return Html() if label is None else tr.escape(tr.pick(label))
