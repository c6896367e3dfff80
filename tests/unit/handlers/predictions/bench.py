"""A prediction to present, with the real catalogue behind it and no database."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from db.tables.predictions import PredictionStatus
from i18n.translator import Catalogues
from services.notifications.message_ref import MessageRef
from services.predictions.history import PredictionView

AT = datetime(2026, 11, 21, 10, 40, tzinfo=UTC)
CATALOGUES = Catalogues()


def view(**changes: Any) -> PredictionView:  # Any: the columns' values
    columns: dict[str, Any] = {
        "id": UUID(int=5),
        "user_id": 1,
        "model_slug": "sample",
        "model_version": "1",
        "preset_id": None,
        "inputs": {},
        "price": 100,
        "status": PredictionStatus.SUCCEEDED,
        "result": {"outputs": {}, "advice": None},
        "error_code": None,
        "shown_in": MessageRef(chat_id=1, message_id=1),
        "created_at": AT,
        "finished_at": AT,
    }
    return PredictionView(**columns | changes)
