"""What comes below an answer: its table, its texts, its other pictures, pictures as files.

A table, texts, and pictures that nothing else shows are the answer: what Telegram takes in no form is paid back. A
chart, and the file of a picture that came as a photo, are extras: words say what is missing, with a button to ask for
it again."""

import asyncio
from collections.abc import Mapping

from handlers.predictions.screens import chart_picture, enclosed_button, photo_name
from handlers.predictions.sources import AnswerSources
from handlers.telegram.limits import TEXT, length
from handlers.telegram.photos import fits, loses
from handlers.telegram.screen import Document, Screen
from i18n.tables import BOM, AnswerTable, answer_tables
from i18n.translator import Html, Translator
from services.manifests.manifest import Manifest, Text, TextOutput
from services.predictions.enclosures import Enclosure
from services.predictions.history import PredictionView
from services.values.sounds import voice_of


async def enclosed(view: PredictionView, what: Enclosure, sources: AnswerSources) -> list[Screen]:
    """Nothing where the answer itself has shown it all, or its model has left the shop."""
    tr = sources.tr
    manifest = sources.models.manifest(view.model_slug)
    if manifest is None or view.result is None:
        return []
    if what is Enclosure.TABLE:
        return [_table(view, each, tr) for each in answer_tables(manifest, view.result["outputs"], tr)]
    if what is Enclosure.TEXTS:
        return _texts(manifest, view.result["outputs"], tr)
    if what is Enclosure.SOUNDS:
        return await asyncio.to_thread(_sounds, manifest, await sources.history.sounds(view), tr)
    painted = await sources.history.images(view)
    if what is Enclosure.ORIGINALS:
        return await asyncio.to_thread(_originals, view, manifest, painted, tr)
    chart = await chart_picture(view, manifest, sources)
    missing = _missing(view, tr.html("📎 The chart could not be sent: Telegram did not take it."), tr)
    charts = [] if chart is None else [Screen(text="", photo=chart, photo_name="chart.png", instead=missing)]
    return charts + [
        Screen(text=_label(manifest, name, tr), photo=each, photo_name=photo_name({name: each}), speaks=False)
        for name, each in list(painted.items())[1:]
        if fits(each)
    ]


def _table(view: PredictionView, table: AnswerTable, tr: Translator) -> Screen:
    """Where no file is taken the numbers themselves are, if one message holds them."""
    heading = Html(f"📄 {tr.escape(table.label)}")
    words = ""
    if table.kind == "csv":
        words = f"{heading}\n<pre>{tr.escape(table.content.decode(BOM).strip())}</pre>"
    return Screen(
        text=heading,
        document=Document(name=f"{table.output or view.model_slug}.{table.kind}", content=table.content),
        speaks=False,
        instead=Screen(text=words) if words and length(words) <= TEXT else None,
    )


def _texts(manifest: Manifest, outputs: Mapping[str, object], tr: Translator) -> list[Screen]:
    """Every text that the model wrote, whole; words for a class are no text of its own. Where no file is taken a
    message says it, if one holds it."""
    written = [(output, outputs.get(output.name)) for output in manifest.outputs if isinstance(output, TextOutput)]
    return [
        Screen(
            text=_label(manifest, output.name, tr),
            document=Document(name=f"{output.name}.txt", content=text.encode()),
            speaks=False,
            instead=Screen(text=tr.escape(text)) if length(tr.escape(text)) <= TEXT else None,
        )
        for output, text in written
        if isinstance(text, str) and text and text not in {item.value for item in output.classes}
    ]


def _originals(view: PredictionView, manifest: Manifest, painted: dict[str, bytes], tr: Translator) -> list[Screen]:
    """The first picture is a file already where it is no photo."""
    first = next(iter(painted), None)
    return [
        Screen(
            text=_label(manifest, name, tr),
            document=Document(name=photo_name({name: content}), content=content),
            speaks=False,
            instead=_smaller_only(view, manifest, name, tr) if fits(content) else None,
        )
        for name, content in painted.items()
        if loses(content) and (name != first or fits(content))
    ]


def _sounds(manifest: Manifest, sounds: Mapping[str, bytes], tr: Translator) -> list[Screen]:
    """As voice messages; as files for whom may not be sent any."""
    return [
        Screen(
            text=_label(manifest, name, tr),
            document=Document(name=f"{name}.wav", content=content, voice=voice_of(content)),
            speaks=False,
        )
        for name, content in sounds.items()
    ]


def _smaller_only(view: PredictionView, manifest: Manifest, name: str, tr: Translator) -> Screen:
    text = tr.html(
        "📎 The file of “{picture}” could not be sent, only the photo: Telegram did not take it.",
        picture=tr.pick(_labels(manifest)[name]) if name in _labels(manifest) else name,
    )
    return _missing(view, text, tr)


def _missing(view: PredictionView, text: Html, tr: Translator) -> Screen:
    return Screen(text=text, rows=((enclosed_button(view, tr),),))


def _label(manifest: Manifest, name: str, tr: Translator) -> Html:
    label = _labels(manifest).get(name)
    return Html() if label is None else tr.escape(tr.pick(label))


def _labels(manifest: Manifest) -> dict[str, Text]:
    return {output.name: output.label for output in manifest.outputs}
