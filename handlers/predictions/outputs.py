"""A model's answers as a message tells them."""

from collections.abc import Iterator, Mapping, Sequence

from i18n.answers import told
from i18n.outputs import Answer
from i18n.text import cut_plain
from i18n.told import Told
from i18n.translator import Html, Translator
from services.manifests.manifest import ImageOutput, Manifest, Overlay
from services.predictions.enclosures import WORDS


def outputs_html(manifest: Manifest, outputs: Mapping[str, Answer], tr: Translator, *, helped: int) -> Html:
    """Every answer with its label; of the first `helped` of them also what it means."""
    pictures = [output for output in manifest.outputs if isinstance(output, ImageOutput | Overlay)]
    pictured = pictures[0] if len(pictures) > 1 else None  # the others come below, with theirs
    parts = []
    for position, output in enumerate(manifest.outputs):
        words = told(output, outputs.get(output.name), tr)
        lines = [] if words is None else list(_lines(words, tr))
        if output is pictured and isinstance(output, ImageOutput):
            lines.append(Html(f"🖼 {tr.escape(tr.pick(output.label))}"))
        if lines and position < helped and output.help is not None:
            lines.append(Html(f"<i>{tr.escape(tr.pick(output.help))}</i>"))
        if lines:
            parts.append("\n".join(lines))
    gap = "\n\n" if any("\n" in part for part in parts) else "\n"
    return Html(gap.join(parts))


def _lines(words: Told, tr: Translator) -> Iterator[Html]:
    value = cut_plain(words.value, WORDS) if words.written else words.value
    aside = f", {tr.escape(words.aside)}" if words.aside else ""
    yield Html(f"{tr.escape(words.label)}: <b>{tr.escape(value)}</b>{aside}")
    if words.others:
        yield tr.escape(words.others)
    if words.table:
        yield Html(f"<pre>{tr.escape(_aligned(words.table))}</pre>")


def _aligned(table: Sequence[Sequence[str]]) -> str:
    """Columns below each other: the first to the left, the others to the right."""
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    )
