"""What can be done with a version, as the buttons of its card."""

from db.tables.models import ComparisonStatus, VersionStatus
from handlers.admin import buttons as names
from handlers.admin.uploads.parts import BUTTONS, UploadPart
from handlers.admin.uploads.screens import try_button
from handlers.admin.widgets import panel_button
from handlers.kit import buttons as keyboards
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button
from i18n.text import cut_plain
from i18n.translator import Translator
from i18n.uploads import title_of_version
from services.models.uploads.comparisons import COMPARED
from services.models.uploads.publishing import UploadCard

Rows = tuple[keyboards.Row, ...]


def card_rows(card: UploadCard, tr: Translator, *, shown: bool) -> Rows:
    """`shown`: its form can be read now."""
    back = (keyboards.back_button(tr, names.MODELS), panel_button(tr))
    model = Button(text=tr.gettext("🧠 To the model"), action=names.action(names.MODEL, card.version.slug))
    match card.version.status:
        case VersionStatus.CHECKED if shown:
            return (*(_joining(card, tr) if card.resembled else _draft(card, tr)), back)
        case VersionStatus.PUBLISHED:
            return ((_texts(card, tr), _try(card, tr)), *_way_back(card, tr), (model, back[1]))
        case VersionStatus.RETIRED:
            again = _button(card, tr.gettext("↩️ Back on sale"), names.ON)
            words, ends = (_texts(card, tr), _try(card, tr)), (again, _discard(card, tr))
            return (words, *_compare(card, tr), ends, (model, back[1]))
        case VersionStatus.REFUSED if card.version.hints:
            return (_names(card, tr), (_discard(card, tr),), back)
        case VersionStatus.DISCARDED:
            return (back,)
    return ((_discard(card, tr),), back)


def _draft(card: UploadCard, tr: Translator) -> Rows:
    price = _part(card, UploadPart.PRICE, tr)
    words = (_texts(card, tr), price) if card.published is None else (_texts(card, tr),)
    publish = _button(card, tr.gettext("🟢 Publish"), names.ON)
    return (words, _names(card, tr), (_try(card, tr),), *_compare(card, tr), (publish, _discard(card, tr)))


def _joining(card: UploadCard, tr: Translator) -> Rows:
    """For each model that it may be the next version of, and for none."""
    sold = {each.slug: title_of_version(each, tr) for each in card.resembled}
    words = {
        at: cut_plain(tr.gettext("⬆️ A new version of “{model}”", model=sold[slug]), BUTTON)
        for at, slug in enumerate(card.version.resembles)
        if slug in sold
    }
    own = _button(card, tr.gettext("➕ A new model"), names.APART)
    joins = ((_button(card, each, f"{names.JOIN}{at}"),) for at, each in words.items())
    return (*joins, (own,), (_try(card, tr), _discard(card, tr)))


def _compare(card: UploadCard, tr: Translator) -> Rows:
    """For a version that is not on sale, beside one that is."""
    version, sold, last = card.version, card.published, card.compared
    going = last is not None and last.status is ComparisonStatus.QUEUED
    if sold is None or sold.id == version.id or version.status not in COMPARED or going:
        return ()
    text = tr.gettext("⚖️ Compare") if last is None else tr.gettext("⚖️ Compare anew")
    return ((_button(card, text, names.COMPARE),),)


def _way_back(card: UploadCard, tr: Translator) -> Rows:
    """One tap puts the version before back on sale, and from there the one after."""
    other = card.before
    if other is None:
        return ()
    earlier = other.number < card.version.number
    text = tr.gettext("↩️ Back to version {number}") if earlier else tr.gettext("↪️ Forward to version {number}")
    action = names.action(names.UPLOAD, other.id.hex, names.ON)
    return ((Button(text=text.format(number=other.number), action=action),),)


def _texts(card: UploadCard, tr: Translator) -> Button:
    return Button(text=tr.gettext("✏️ Texts"), action=names.action(names.UPLOAD_TEXTS, card.version.id.hex))


def _names(card: UploadCard, tr: Translator) -> keyboards.Row:
    return (_part(card, UploadPart.FEATURES, tr), _part(card, UploadPart.LABELS, tr))


def _try(card: UploadCard, tr: Translator) -> Button:
    return try_button(card.version, tr)


def _discard(card: UploadCard, tr: Translator) -> Button:
    return _button(card, tr.gettext("🗑 Discard"), names.DELETE)


def _part(card: UploadCard, part: UploadPart, tr: Translator) -> Button:
    return _button(card, tr.gettext(BUTTONS[part]), part)


def _button(card: UploadCard, text: str, verb: str) -> Button:
    return Button(text=text, action=names.action(names.UPLOAD, card.version.id.hex, verb))
