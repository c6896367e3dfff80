"""The card of a version: what was found, what is told of it, what it answers, and what can be done."""

from functools import partial
from typing import Final

from db.tables.models import ComparisonStatus, VersionStatus
from handlers.admin import buttons as names
from handlers.admin.uploads.parts import BUTTONS, UploadPart
from handlers.admin.uploads.screens import LABEL, head, try_button
from handlers.admin.widgets import notice_first, panel_button
from handlers.kit import buttons as keyboards
from handlers.predictions.outputs import outputs_html
from handlers.telegram.limits import TEXT, cut
from handlers.telegram.screen import Button, Screen
from i18n.comparisons import comparison_lines
from i18n.inputs import allowed
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from i18n.uploads import STATES, found_words, refusal_words, title_of_version
from services.manifests.manifest import Manifest
from services.models.uploads.comparisons import COMPARED
from services.models.uploads.publishing import UploadCard
from services.models.uploads.versions import VersionView

MOST_QUESTIONS: Final = 12
MOST_NOTES: Final = 8


def card_screen(card: UploadCard, manifest: Manifest | None, tr: Translator, *, notice: str = "") -> Screen:
    """`manifest`: as it is or would be sold; None where the check has not come so far. `notice`: HTML."""
    version = card.version
    state = tr.html(STATES[version.status])
    parts = [head(title_of_version(version, tr), tr), f"{state}\n{_place(version, tr)}"]
    if version.status is VersionStatus.REFUSED:
        parts.append(tr.escape(refusal_words(version, tr)))
    if manifest is not None:
        parts += [_form(manifest, tr), _example(version, manifest, tr), _compared(card, manifest, tr)]
        parts += [_told(card, tr), _notes(version, tr)]
    return Screen(text=cut(notice_first(notice, *parts), TEXT), rows=_rows(card, manifest, tr))


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
        label, how = cut_plain(tr.pick(field.label), LABEL), allowed(field, tr)
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
    told = tr.html(
        "Name in Russian: {ru}\nName in English: {en}\nPrice: <b>{price}</b>",
        ru=title.get("ru", absent),
        en=title.get("en", absent),
        price=price,
    )
    if card.version.status is not VersionStatus.CHECKED:
        return told
    fixed = tr.html("Once published, this version keeps the names of its questions and answers: check them first.")
    return Html(f"{told}\n{fixed}")


def _notes(version: VersionView, tr: Translator) -> Html:
    """What was changed and guessed."""
    notes = found_words(version, tr, MOST_NOTES)
    if not notes:
        return Html()
    heading = tr.html("<b>What was changed and guessed</b>")
    return Html("{}\n<blockquote expandable>{}</blockquote>".format(heading, tr.escape("\n".join(notes))))


def _rows(card: UploadCard, manifest: Manifest | None, tr: Translator) -> tuple[keyboards.Row, ...]:
    version = card.version
    back = keyboards.back_button(tr, names.MODELS)
    action = partial(names.action, names.UPLOAD, version.id.hex)

    def part(each: UploadPart) -> Button:
        return Button(text=tr.gettext(BUTTONS[each]), action=action(each))

    named = (part(UploadPart.NAME_RU), part(UploadPart.NAME_EN))
    discard = Button(text=tr.gettext("🗑 Discard"), action=action(names.DELETE))
    publish = Button(text=tr.gettext("🟢 Publish"), action=action(names.ON))
    to_model = Button(text=tr.gettext("🧠 To the model"), action=names.action(names.MODEL, version.slug))
    tried = (try_button(version, tr), *_compare(card, tr))
    match version.status:
        case VersionStatus.CHECKED if manifest is not None:
            hints = (part(UploadPart.FEATURES), part(UploadPart.LABELS))
            priced = ((part(UploadPart.PRICE),),) if card.published is None else ()
            return (named, *priced, hints, tried, (publish, discard), (back, panel_button(tr)))
        case VersionStatus.PUBLISHED:
            return (named, tried, *_way_back(card, tr), (to_model, panel_button(tr)))
        case VersionStatus.RETIRED:
            again = Button(text=tr.gettext("↩️ Back on sale"), action=action(names.ON))
            return (tried, (again, discard), (to_model, panel_button(tr)))
        case VersionStatus.REFUSED if version.hints:
            return ((part(UploadPart.FEATURES), part(UploadPart.LABELS)), (discard,), (back, panel_button(tr)))
        case VersionStatus.DISCARDED:
            return ((back, panel_button(tr)),)
    return ((discard,), (back, panel_button(tr)))


def _compare(card: UploadCard, tr: Translator) -> keyboards.Row:
    """For a version that is not on sale, beside one that is."""
    version, sold, last = card.version, card.published, card.compared
    going = last is not None and last.status is ComparisonStatus.QUEUED
    if sold is None or sold.id == version.id or version.status not in COMPARED or going:
        return ()
    text = tr.gettext("⚖️ Compare") if last is None else tr.gettext("⚖️ Compare anew")
    return (Button(text=text, action=names.action(names.UPLOAD, version.id.hex, names.COMPARE)),)


def _way_back(card: UploadCard, tr: Translator) -> tuple[keyboards.Row, ...]:
    """One tap puts the version before back on sale, and from there the one after."""
    other = card.before
    if other is None:
        return ()
    earlier = other.number < card.version.number
    text = tr.gettext("↩️ Back to version {number}") if earlier else tr.gettext("↪️ Forward to version {number}")
    action = names.action(names.UPLOAD, other.id.hex, names.ON)
    return ((Button(text=text.format(number=other.number), action=action),),)
