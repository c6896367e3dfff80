"""What is another's is not there, at any address that the description has; to its owner it is."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.plans import MethodState, PaymentMethod
from tests.conversations.scoring.tables import RUSSIAN, csv_table, wines
from tests.integration.api.conftest import Callers
from tests.integration.api.description import SPEC
from tests.support.clock import START
from tests.support.waiting import until
from web.api.lists import IDS, write_cursor

NOBODYS: Final = {
    "slug",
    "plan_id",
    "name",
}  # sold to everybody; a picture's stands below its prediction
OF_STAFF: Final = "/admin/"
SAID: Final = "said_id"  # of the message that an answer is to
ENDING: Final = ("/end", "/cancel")


async def test_what_is_anothers_is_never_there(whole_shop: Callers) -> None:
    anna, boris = [await whole_shop.customer(name) for name in ("Анна", "Борис")]
    hers, his = [await whole_shop.person(each) for each in (anna, boris)]
    ids = await _things_of(whole_shop, hers) | {"user_id": anna.id, "name": "picture"}
    operations = list(_with_ids())
    assert {name for path, _, _ in operations for name in _names(path)} == set(ids) - {SAID}
    for path, method, operation in operations:
        answer = await _call(his, path, method, operation, ids)
        if path.startswith(OF_STAFF):
            assert answer.status_code == 403, (method, path, answer.text)
            assert answer.json()["code"] == "not_allowed"
        else:
            assert answer.status_code == 404, (method, path, answer.text)
            assert answer.json()["code"] != "not_found", (method, path)
    for path, method, operation in operations:
        if not path.startswith(OF_STAFF) and "name" not in _names(path):
            answer = await _call(hers, path, method, operation, ids)
            assert answer.status_code not in (403, 404), (method, path, answer.text)


async def test_nobody_goes_on_from_what_is_anothers(whole_shop: Callers) -> None:
    """A cursor is an id."""
    hers, his = [await whole_shop.person(await whole_shop.customer()) for _ in range(2)]
    ids = await _things_of(whole_shop, hers)
    lists = [path for path, methods in SPEC["paths"].items() if "{" not in path and _has_cursor(methods.get("get", {}))]
    mine = [path for path in lists if not path.startswith(OF_STAFF)]
    assert mine
    for path in mine:
        cursor = write_cursor(UUID(ids[path.strip("/").removesuffix("s") + "_id"]))
        for client, status in ((hers, 200), (his, 404)):
            answer = await client.get(path.strip("/"), params={"cursor": cursor})
            assert answer.status_code == status, (path, answer.text)


async def _things_of(shop: Callers, her: httpx.AsyncClient) -> dict[str, Any]:
    """One of each kind, by the names that addresses have for their ids."""
    made = {
        "prediction_id": await _made(her, "predictions", {"model": "wine", "input": {}}),
        "scoring_id": await _answered_table(her),
        "chat_id": (chat := await _made(her, "chats", {"assistant": "oracle"})),
        "message_id": (message := await _made(her, f"chats/{chat}/messages", {"text": "Why?"})),
        "payment_id": await _made(her, "payments", {"amount": 30000, "email": "anna@example.com"}),
        "key_id": await _made(her, "keys", {"title": "hers", "scopes": ["read"]}),
        "webhook_id": (
            webhook := await _made(her, "webhooks", {"url": "https://a.example", "events": ["prediction.succeeded"]})
        ),
        "delivery_id": await _made(her, f"webhooks/{webhook}/test", {}),
    }
    said = (await her.get(f"chats/{chat}/messages/{message}")).json()["reply_to"]
    anna = (await her.get("me")).json()["id"]
    await shop.person(await shop.app.services.users.get(anna))
    other = (await shop.app.services.web_sessions.all(anna))[-1].id
    return made | {
        SAID: said,
        "file_id": await shop.app.services.files.put(anna, b"\x89PNG", "image/png"),
        "session_id": other,
        "method_id": await shop.app.db.write(_keeps_a_card, anna),
    }


async def _answered_table(her: httpx.AsyncClient) -> str:
    table = csv_table([RUSSIAN, *wines(2)])
    draft = (await her.post("scorings", params={"model": "wine"}, files={"file": ("wines.csv", table)})).json()
    place = f"scorings/{draft['id']}"
    assert (await her.post(f"{place}/order", json={"total": draft["total"]})).status_code in (200, 202)

    async def is_answered() -> bool:
        return bool((await her.get(place)).json()["status"] == "succeeded")

    await until(is_answered)
    return str(draft["id"])


def _keeps_a_card(session: Session, user_id: int) -> UUID:
    method_id = uuid4()
    card = {
        "id": method_id,
        "user_id": user_id,
        "provider": "yookassa",
        "provider_shop_id": "123456",
        "token": "a token",
        "title": "Visa •• 4242",
        "state": MethodState.ACTIVE,
        "consent": {"text": "Charge me"},
        "created_at": START,
        "updated_at": START,
    }
    session.execute(insert(table_of(PaymentMethod)).values(card))
    return method_id


async def _made(her: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:  # Any: an id, a number or a UUID
    answer = await her.post(path, json=body)
    assert answer.status_code in (201, 202), (path, answer.text)
    return answer.json()["id"]


def _with_ids() -> Iterable[tuple[str, str, dict[str, Any]]]:
    """All operations whose address has an id, with those last that leave nothing to look at."""
    found = [
        (path, method, operation)
        for path, methods in SPEC["paths"].items()
        if set(_names(path)) - NOBODYS
        for method, operation in methods.items()
    ]
    return sorted(
        found, key=lambda each: (each[1] == "delete", each[0].endswith(ENDING), each[0] == "/chats/{chat_id}")
    )


def _names(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


def _has_cursor(operation: dict[str, Any]) -> bool:
    cursors = [each["schema"] for each in operation.get("parameters", []) if each["name"] == "cursor"]
    return any(IDS in str(schema) for schema in cursors)


async def _call(
    client: httpx.AsyncClient, path: str, method: str, operation: dict[str, Any], ids: dict[str, Any]
) -> httpx.Response:
    """With the body that the description shows."""
    if path.endswith("/edit"):
        path = path.replace("message_id", SAID)
    for name in _names(path):
        path = path.replace(f"{{{name}}}", str(ids[name]))
    body = None
    if "requestBody" in operation:
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        body = SPEC["components"]["schemas"][reference.rpartition("/")[2]]["examples"][0]
    headers = {"idempotency-key": uuid4().hex} if method == "post" else {}
    return await client.request(method, path.strip("/"), json=body, headers=headers)
