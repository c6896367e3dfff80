"""The card of a version: what was found, what is told of it, what it answers, and what can be done."""

from typing import Final

from db.tables.models import VersionStatus
from handlers.admin.uploads.card_buttons import card_rows
from handlers.admin.uploads.screens import LABEL, head
from handlers.admin.widgets import notice_first
from handlers.predictions.outputs import outputs_html
from handlers.telegram.limits import TEXT, cut
from handlers.telegram.screen import Screen
from i18n.comparisons import comparison_lines
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from i18n.uploads import STATES, found_words, question_words, refusal_words, title_of_version
from services.manifests.manifest import Manifest
from services.models.uploads.publishing import UploadCard
from services.models.uploads.versions import VersionView

MOST_QUESTIONS: Final = 12
MOST_NOTES: Final = 8


def card_screen(card: UploadCard, manifest: Manifest | None, tr: Translator, *, notice: str = "") -> Screen:
    """`manifest`: as it is or would be sold; None where the check has not come so far. `notice`: HTML."""
    version = card.version
    state = tr.html(STATES[version.status])
    parts = [head(title_of_version(version, tr), tr), f"{state}\n{_place(version, tr)}"]
    parts.append(_asked(card, tr))
    if version.status is VersionStatus.REFUSED:
        parts.append(tr.escape(refusal_words(version, tr)))
    if manifest is not None:
        parts += [_form(manifest, tr), _example(version, manifest, tr), _compared(card, manifest, tr)]
        parts += [_told(card, tr), _notes(version, tr)]
    return Screen(text=cut(notice_first(notice, *parts), TEXT), rows=card_rows(card, tr, shown=manifest is not None))


def _place(version: VersionView, tr: Translator) -> Html:
    return tr.html(
        "Version {number} of <code>{slug}</code>, the file {file}",
        number=version.number,
        slug=version.slug,
        file=cut_plain(version.sent_name, LABEL),
    )


def _form(manifest: Manifest, tr: Translator) -> Html:
    """The questions, as customers will be asked them."""
    shown = manifest.inputs[:MOST_QUESTIONS]
    lines = [tr.html("<b>What customers are asked</b>")]
    for field in shown:
        label, how = cut_plain(tr.pick(field.label), LABEL), question_words(field, tr)
        lines.append(tr.escape(f"• {label}: {how}" if how else f"• {label}"))
    if (more := len(manifest.inputs) - len(shown)) > 0:
        lines.append(tr.nhtml("and {n} more question", "and {n} more questions", more))
    return Html("\n".join(lines))


def _example(version: VersionView, manifest: Manifest, tr: Translator) -> Html:
    report = version.report
    said = outputs_html(manifest, report.get("outputs", {}), tr, helped=0) or tr.html("🖼 a picture")
    took = tr.html("{milliseconds} ms", milliseconds=report.get("milliseconds", "?"))
    if report.get("megabytes") is not None:
        took = tr.html("{time}, {megabytes} MB of memory", time=took, megabytes=report["megabytes"])
    return Html("\n".join([tr.html("<b>Its answer to an example</b> ({took})", took=took), said]))


def _compared(card: UploadCard, manifest: Manifest, tr: Translator) -> Html:
    if card.compared is None:
        return Html()
    heading, *lines = comparison_lines(card.compared, manifest, tr)
    return Html("\n".join([tr.html("<b>{title}</b>", title=heading), *(tr.escape(f"• {line}") for line in lines)]))


def _told(card: UploadCard, tr: Translator) -> Html:
    title = card.version.title
    absent = tr.gettext("not told yet")
    unpriced = tr.gettext("not set yet")
    price = unpriced if card.price is None else tr.credits(card.price) if card.price else tr.gettext("free")
    return tr.html(
        "Name in Russian: {ru}\nName in English: {en}\nPrice: <b>{price}</b>",
        ru=title.get("ru", absent),
        en=title.get("en", absent),
        price=price,
    )


def _notes(version: VersionView, tr: Translator) -> Html:
    """What was changed and guessed."""
    notes = found_words(version, tr, MOST_NOTES)
    if not notes:
        return Html()
    heading = tr.html("<b>What was changed and guessed</b>")
    return Html("{}\n<blockquote expandable>{}</blockquote>".format(heading, tr.escape("\n".join(notes))))


def _asked(card: UploadCard, tr: Translator) -> Html:
    """What has to be decided first."""
    if not card.resembled:
        return Html()
    models = ", ".join(tr.gettext("“{model}”", model=title_of_version(each, tr)) for each in card.resembled)
    return tr.html(
        "❔ <b>It resembles {models}, on sale already. Is it a new version of that, or a new model?</b>", models=models
    )
