"""What stands above every screen of one table."""

from typing import Final

from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.models.offers import Offer
from services.scoring.queries import ScoringView

DROP: Final = "table-drop"  # table-drop:<hex id>


def table_heading(view: ScoringView, offer: Offer, tr: Translator) -> Html:
    return Html(f"{title_of(offer, tr).heading}\n📋 {tr.escape(view.source.name)}")
