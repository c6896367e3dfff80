"""The page of one table, as it stands."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from db.tables.scorings import ScoringStatus
from i18n.inputs import value_words
from i18n.prices import plan_pays, plan_pays_no_table
from i18n.scorings import column_words, ended_lines, facts_lines, progress_words
from i18n.titles import Title, title_of
from services.billing.ledger import InsufficientBalance
from services.errors import ShopError
from services.manifests.manifest import Input
from services.models.offers import Offer
from services.scoring.choosing import unanswered
from services.scoring.queries import ScoringView
from services.scoring.source import SHOWN
from services.scoring.template import heading_of
from services.values.parse import default_value
from web.kit.pages import page
from web.kit.places import TOP_UP
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer

DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePage:
    """`offer`: what it is for, as it is sold now; None where it is not."""

    me: Customer
    view: ScoringView
    offer: Offer | None = None

    @property
    def state(self) -> str:
        """Another one when the page is to be loaded anew."""
        return str(self.view.status if self.view.finished_at is not None else "under-way")

    @property
    def progress(self) -> str:
        return progress_words(self.view, self.me.tr)

    def show(self, problem: ShopError | None) -> Response:
        view, tr = self.view, self.me.tr
        lacking = isinstance(problem, InsufficientBalance)  # the page says by itself how much
        return page(
            self.me,
            "cabinet/table.html",
            status=200 if problem is None else refusal_of(problem).status,
            view=view,
            offer=self.offer,
            title=self._title(),
            state=self.state,
            problem="" if problem is None or lacking else tr.error(problem),
            facts=facts_lines(view, tr),
            progress=self.progress,
            ended=ended_lines(view, tr) if view.finished_at is not None else [],
            has_file=view.status is ScoringStatus.SUCCEEDED and view.result_file_id is not None,
            shown=SHOWN,
            questions=self._questions(),
            **self._price(),
        )

    def _title(self) -> Title:
        tr = self.me.tr
        return self.me.titles.of(self.view.model_slug) if self.offer is None else title_of(self.offer, tr)

    def _questions(self) -> list[dict[str, Any]]:  # Any: what the template names
        """Inputs of which it is not known which column they are."""
        if self.view.is_ordered or self.offer is None:
            return []
        fields = [self.offer.manifest.input(name) for name in unanswered(self.view, self.offer)]
        return [
            {"name": f"column-{field.name}", "label": self._label(field), "options": self._options(field)}
            for field in fields
        ]

    def _label(self, field: Input) -> str:
        return heading_of(field, self.me.tr.language)

    def _options(self, field: Input) -> list[tuple[str, str]]:
        """Columns that are free, and the default."""
        view, tr = self.view, self.me.tr
        taken = set(view.columns.values())
        free = [at for at in range(len(view.source.headings)) if at not in taken]
        options = [(str(at), column_words(view, at, tr)) for at in free]
        if (default := default_value(field)) is not None:
            said = tr.gettext("In every row: {value}", value=value_words(field, default, tr))
            options.append((DEFAULT, said))
        return options

    def _price(self) -> dict[str, Any]:  # Any: as above
        view, tr, balance = self.view, self.me.tr, self.me.user.balance
        each = 0 if self.offer is None else self.offer.price
        total = 0 if self.offer is None else self.offer.price_of_rows(view.good)
        words = tr.credits(total) if total else tr.gettext("free")
        return {
            "total": total,
            "each": each,
            "buy": tr.ngettext("✅ Answer {n} row: {price}", "✅ Answer {n} rows: {price}", view.good, price=words),
            "plan": self._plan(),
            "lacking": max(0, total - balance),
            "left": balance - total,
            "top_up": f"{TOP_UP}?next={quote(f'/tables/{view.id}', safe='')}",
        }

    def _plan(self) -> str:
        """What the customer's plan has to do with it."""
        if self.offer is None:
            return ""
        left = self.offer.plan_left_for(self.view.good)
        return plan_pays_no_table(self.offer, self.me.tr) if left is None else plan_pays(left, self.me.tr)
