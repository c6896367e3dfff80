"""What is shown of a customer's table."""

from collections.abc import Sequence
from typing import Final

from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.scoring.columns import column_screen
from handlers.scoring.headings import DROP, table_heading
from handlers.telegram.limits import BUTTON, TEXT, cut
from handlers.telegram.screen import Button, Screen
from i18n.prices import plan_pays, plan_pays_no_table, price_words
from i18n.scorings import ended_lines, facts_lines, progress_words
from i18n.table_guide import columns_allowed
from i18n.text import cut_plain
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.errors import ShopError
from services.models.offers import Offer
from services.scoring.choosing import unanswered
from services.scoring.queries import ScoringView
from services.scoring.source import MAX_ROWS, SHOWN

TEMPLATE: Final = "table-template"  # table-template:<slug>
PROBLEMS: Final = "table-problems"  # table-problems:<hex id>
CANCEL: Final = "table-cancel"  # table-cancel:<hex id>

MODELS: Final = 20  # that can be chosen from
NAMED: Final = 40  # questions of a model that are listed
ALLOWED: Final = 160  # characters that say what a column may hold


def page_screen(offer: Offer, viewer: Viewer, *, above: Html | None = None) -> Screen:
    """What to send."""
    tr = viewer.tr
    columns = columns_allowed(offer, tr)
    lines = [_column_line(name, allowed, tr) for name, allowed in columns[:NAMED]]
    listed = "\n".join([tr.html("Columns:"), *lines, *(["…"] if len(columns) > NAMED else [])])
    parts = [
        *([above] if above else []),
        title_of(offer, tr).heading,
        tr.html(
            "📋 Send a table, CSV or Excel: every row is a question, and it comes back with the answers as new columns."
        ),
        tr.html(
            "Up to {rows} rows. Price of a row: <b>{price}</b>. You see the whole price before you pay.",
            rows=tr.number(MAX_ROWS, 0),
            price=price_words(offer.price, tr),
        ),
        Html(listed),
    ]
    template = Button(text=tr.gettext("⬇️ Template"), action=f"{TEMPLATE}:{offer.slug}")
    back = buttons.back_button(tr, buttons.model_action(offer.slug))
    return Screen(text=cut("\n\n".join(parts), TEXT), rows=((template,), (back, buttons.menu_button(tr))))


def _column_line(name: str, allowed: str, tr: Translator) -> Html:
    heading = f"• <b>{tr.escape(name)}</b>"
    if not allowed:
        return Html(heading)
    return Html(f"{heading}: {tr.escape(cut_plain(allowed[:1].lower() + allowed[1:], ALLOWED))}")


def which_model_screen(name: str, offers: Sequence[Offer], tr: Translator) -> Screen:
    """Of a table that came by itself."""
    rows = [
        (Button(text=title_of(offer, tr).cut(BUTTON), action=f"{buttons.TABLE}:{offer.slug}"),)
        for offer in offers[:MODELS]
    ]
    text = tr.html("📋 {name}: which model is to answer its rows?", name=cut_plain(name, 60))
    return Screen(text=text, rows=(*rows, (buttons.menu_button(tr),)))


def reading_screen(tr: Translator) -> Screen:
    return Screen(text=tr.html("⏳ Reading the table…"))


def refused_screen(offer: Offer, problem: ShopError, tr: Translator) -> Screen:
    again = Button(text=tr.gettext("📋 Another table"), action=f"{buttons.TABLE}:{offer.slug}")
    return Screen(text=f"⚠️ {tr.error_html(problem)}", rows=((again,), (buttons.menu_button(tr),)))


def draft_screen(view: ScoringView, offer: Offer, viewer: Viewer, *, problem: ShopError | None = None) -> Screen:
    """The next question about it, or what it costs."""
    if wanted := unanswered(view, offer):
        return column_screen(view, offer, offer.manifest.input(wanted[0]), viewer.tr)
    return summary_screen(view, offer, viewer, problem=problem)


def summary_screen(view: ScoringView, offer: Offer, viewer: Viewer, *, problem: ShopError | None = None) -> Screen:
    """The last look before paying."""
    tr, balance, total = viewer.tr, viewer.user.balance, offer.price_of_rows(view.good)
    parts = [
        table_heading(view, offer, tr),
        *([Html(f"⚠️ {tr.error_html(problem)}")] if problem else []),
        Html("\n".join(facts_lines(view, tr))),
        Html("\n".join(_problems(view, tr))),
        _terms(view, offer, total, balance, tr) if view.good else tr.html("No row of this table can be answered."),
    ]
    rows: list[buttons.Row] = []
    if view.good:
        words = tr.credits(total) if total else tr.gettext("free")
        text = tr.ngettext("✅ Answer {n} row: {price}", "✅ Answer {n} rows: {price}", view.good, price=words)
        rows.append((Button(text=text, action=f"{buttons.TABLE_ORDER}:{view.id.hex}:{total}"),))
    if viewer.features.payments and balance < total:
        rows.insert(0, (buttons.topup_button(tr),))
    if view.bad > SHOWN:
        rows.append((Button(text=tr.gettext("📄 All rows that cannot be taken"), action=f"{PROBLEMS}:{view.id.hex}"),))
    drop = Button(text=tr.gettext("✖ Cancel"), action=f"{DROP}:{view.id.hex}")
    return Screen(text=cut("\n\n".join(part for part in parts if part), TEXT), rows=(*rows, (drop,)))


def waiting_screen(view: ScoringView, tr: Translator) -> Screen:
    """Before anything is known of how it goes."""
    cancel = Button(text=tr.gettext("✖️ Cancel"), action=f"{CANCEL}:{view.id.hex}")
    return Screen(text=tr.html("⏳ Your table waits for its turn."), rows=((cancel,),))


def progress_screen(view: ScoringView, tr: Translator) -> Screen:
    """While it is worked on."""
    cancel = Button(text=tr.gettext("✖️ Cancel"), action=f"{CANCEL}:{view.id.hex}")
    return Screen(text=tr.escape(progress_words(view, tr)), rows=() if view.canceling else ((cancel,),))


def ended_words(view: ScoringView, offer: Offer | None, balance: int, tr: Translator) -> Html:
    """Of a table that has ended, with what was paid and what came back."""
    heading = Html(f"📋 {tr.escape(view.source.name)}") if offer is None else table_heading(view, offer, tr)
    return Html("\n".join([heading, *ended_lines(view, tr), tr.html("Balance: {balance}", balance=tr.amount(balance))]))


def _problems(view: ScoringView, tr: Translator) -> list[Html]:
    if not view.problems:
        return []
    lines = [tr.nhtml("❌ {n} row cannot be taken:", "❌ {n} rows cannot be taken:", view.bad)]
    lines += [tr.html("Row {row}. {why}", row=row, why=cut_plain(why, 200)) for row, why in view.problems[:SHOWN]]
    if view.bad > SHOWN:
        lines.append(Html("…"))
    return lines


def _terms(view: ScoringView, offer: Offer, total: int, balance: int, tr: Translator) -> Html:
    if not total:
        left = offer.plan_left_for(view.good)
        return tr.html("This is free.") if left is None else plan_pays(left, tr)
    price = tr.html(
        "{rows} × {each} = <b>{price}</b>",
        rows=tr.number(view.good, 0),
        each=tr.amount(offer.price),
        price=tr.credits(total),
    )
    if note := plan_pays_no_table(offer, tr):
        price = Html(f"{note}\n{price}")
    if balance < total:
        lacking = tr.html(
            "Your balance is {balance}: {lacking} more is needed.",
            balance=tr.amount(balance),
            lacking=tr.credits(total - balance),
        )
        return Html(f"{price}\n{lacking}")
    after = tr.amount(balance - total)
    change = tr.html("Balance: {before} → {after}", before=tr.amount(balance), after=after)
    back = tr.html("Rows without an answer are paid back.")
    return Html(f"{price}\n{change}\n{back}")
