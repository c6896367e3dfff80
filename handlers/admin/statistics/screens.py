"""How the shop does, in numbers and a picture."""

from db.tables.currencies import Currency
from handlers.admin import buttons as names
from handlers.admin.widgets import panel_button
from handlers.kit import buttons as keyboards
from handlers.kit.context import Viewer
from handlers.telegram.screen import Button, Screen
from i18n.payments import money_list
from i18n.titles import Titles
from i18n.translator import Html, Translator
from i18n.waiting import age_words, waiting_line
from services.charts import ColumnPanels, Panel
from services.money import Money, rub
from services.reports.statistics import PERIODS, ModelSales, Numbers, Waiting

MODELS_SHOWN = 5


def statistics_screen(numbers: Numbers, waiting: Waiting, viewer: Viewer, *, photo: bytes) -> Screen:
    tr = viewer.tr
    days = len(numbers.days)
    parts = [_head(days, tr), _people(numbers, tr), _sales(numbers, tr)]
    if numbers.models:
        lines = [_model(each, viewer.titles) for each in numbers.models[:MODELS_SHOWN]]
        parts.append(Html("\n".join([tr.html("<b>By model</b>"), *lines])))
    parts.append(_waiting(waiting, tr))
    periods = tuple(
        Button(text=f"• {each} •" if each == days else str(each), action=names.action(names.STATISTICS, each))
        for each in PERIODS
    )
    return Screen(text="\n\n".join(parts), rows=(periods, (panel_button(tr), keyboards.menu_button(tr))), photo=photo)


def statistics_chart(numbers: Numbers, tr: Translator) -> ColumnPanels:
    days, whole = len(numbers.days), tr.axis(0)
    panels = (
        *(_revenue(money, numbers, tr) for money in numbers.revenue or (rub(0),)),
        Panel(
            heading=tr.gettext("Spent: {credits}", credits=tr.credits(numbers.spent)),
            values=tuple(day.spent / 100 for day in numbers.days),
            write=whole,
        ),
        Panel(
            heading=tr.gettext("Predictions: {count}", count=numbers.predictions),
            values=tuple(float(day.predictions) for day in numbers.days),
            write=whole,
        ),
    )
    title = tr.ngettext("Last {n} day", "Last {n} days", days)
    return ColumnPanels(title=title, labels=tuple(f"{day.date:%d.%m}" for day in numbers.days), panels=panels)


def _revenue(money: Money, numbers: Numbers, tr: Translator) -> Panel:
    """Of one currency; `money`: the sum of the period."""
    unit = 10 ** Currency(money.currency).exponent
    return Panel(
        heading=tr.gettext("Revenue: {amount}", amount=tr.money(money)),
        values=tuple(
            sum(each.minor for each in day.revenue if each.currency == money.currency) / unit for day in numbers.days
        ),
        write=tr.axis(0),
    )


def _head(days: int, tr: Translator) -> str:
    return tr.nhtml("<b>📊 Last {n} day</b>", "<b>📊 Last {n} days</b>", days)


def _people(numbers: Numbers, tr: Translator) -> str:
    return tr.html(
        "Customers: <b>{users}</b>, new {new}, active {active}",
        users=numbers.users,
        new=numbers.new_users,
        active=numbers.active_users,
    )


def _sales(numbers: Numbers, tr: Translator) -> str:
    lines = [
        tr.html("Revenue: <b>{amount}</b>", amount=money_list(numbers.revenue, tr)),
        tr.html("Sent back: {amount}", amount=money_list(numbers.refunded, tr)) if numbers.refunded else "",
        tr.html("Spent: <b>{credits}</b>", credits=tr.credits(numbers.spent)),
        tr.html("Predictions: <b>{count}</b>, failed {failed}", count=numbers.predictions, failed=numbers.failed),
        _answers(numbers, tr) if numbers.answers else "",
    ]
    return "\n".join(line for line in lines if line)


def _answers(numbers: Numbers, tr: Translator) -> Html:
    return tr.html("Answers: <b>{count}</b>, failed {failed}", count=numbers.answers, failed=numbers.failed_answers)


def _model(sales: ModelSales, titles: Titles) -> str:
    tr = titles.tr
    return tr.html(
        "{title}: {count} · {spent}",
        title=titles.of(sales.slug),
        count=sales.predictions,
        spent=tr.credits(sales.spent),
    )


def _waiting(waiting: Waiting, tr: Translator) -> str:
    lines = [waiting_line(waiting, tr)]
    if waiting.notifications:
        age = age_words(waiting.notifications_age, tr)
        lines.append(
            tr.nhtml(
                "{n} message waits to be sent, the oldest for {age}.",
                "{n} messages wait to be sent, the oldest for {age}.",
                waiting.notifications,
                age=age,
            )
        )
    return "\n".join(lines)
