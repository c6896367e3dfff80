"""What one customer has, a thing of each kind that bears an id: to be asked for by another."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import SessionKind
from db.tables.plans import MethodState, PaymentMethod
from services.identity.sessions import Device
from tests.conversations.scoring.tables import RUSSIAN, csv_table, wines
from tests.integration.api.conftest import Callers

WINE: Final[dict[str, Any]] = {"model": "wine", "input": {}}
FREE: Final = {"slug": "wine", "name": "picture", "form": "md", "plan_id": "1", "kind": "csv"}
"""Parts of paths that belong to nobody."""
OF_ROWS: Final = frozenset({"user_id", "key_id", "session_id"})


async def belongings(callers: Callers, user_id: int) -> dict[str, str]:
    """By the name that the id has in paths."""
    services = callers.app.services
    user = await services.users.get(user_id)
    program, person = await callers.program(user), await callers.person(user)
    device = Device(agent="a tablet")
    token = await services.web_sessions.begin(user_id, SessionKind.BROWSER, device)
    session = await services.web_sessions.find(token)
    assert session is not None
    chat = await _created(program, "chats", {"assistant": "oracle"})
    said = await _created(program, f"chats/{chat['id']}/messages", {"text": "Привет"})
    hook = await _created(person, "webhooks", {"url": "https://example.com/hook", "events": ["prediction.succeeded"]})
    return {
        "user_id": str(user_id),
        "webhook_id": hook["id"],
        "delivery_id": (await _created(person, f"webhooks/{hook['id']}/test", None))["id"],
        "prediction_id": (await _created(program, "predictions", WINE))["id"],
        "chat_id": chat["id"],
        "message_id": said["id"],
        "scoring_id": await _sent_table(program),
        "payment_id": (await _created(program, "payments", {"amount": 30_000}))["id"],
        "file_id": str(await services.files.put(user_id, b"\x89PNG", "image/png")),
        "key_id": str((await services.api_keys.all(user_id))[0].id),
        "session_id": str(session.session_id),
        "method_id": str(await callers.app.db.write(_keep_card, user_id, callers.app.clock())),
    }


async def _sent_table(program: httpx.AsyncClient) -> str:
    """Checked, and not ordered yet."""
    sent = await program.post(
        "scorings", params={"model": "wine"}, files={"file": ("wines.csv", csv_table([RUSSIAN, *wines(2)]))}
    )
    assert sent.status_code == 201, sent.text
    return str(sent.json()["id"])


def _keep_card(session: Session, user_id: int, now: datetime) -> UUID:
    """As its owner let the shop keep it."""
    method_id = uuid4()
    row = {
        "id": method_id,
        "user_id": user_id,
        "provider": "yookassa",
        "provider_shop_id": "100500",
        "token": f"token-{user_id}",
        "title": "Visa •• 4242",
        "state": MethodState.ACTIVE,
        "consent": {},
        "created_at": now,
        "updated_at": now,
    }
    session.execute(insert(table_of(PaymentMethod)), row)
    return method_id


def of_nobody() -> dict[str, str]:
    """Ids of the same form, of nothing."""
    names = (
        *("prediction_id", "scoring_id", "chat_id", "message_id", "payment_id", "file_id", "webhook_id", "delivery_id"),
        "method_id",
    )
    return {name: str(uuid4()) for name in names} | {name: str(2**40) for name in OF_ROWS}


async def _created(program: httpx.AsyncClient, place: str, body: dict[str, Any] | None) -> dict[str, Any]:
    answer = await program.post(place, json=body, headers={"prefer": "wait=30"})
    assert answer.status_code in {201, 202}, answer.text
    told: dict[str, Any] = answer.json()
    return told
