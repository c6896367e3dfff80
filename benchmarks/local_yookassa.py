"""YooKassa without its thinking: a process of its own that answers GETs of payments, each paid long ago.

`python -m benchmarks.local_yookassa` prints its port."""

import asyncio
import json
import sys

SHOP_ID = "100500"
AMOUNT = 300_00  # kopecks
PREFIX = "local-"


def provider_id(payment_id: str) -> str:
    """The id here tells ours, so nothing has to be remembered."""
    return PREFIX + payment_id


def paid(payment_id: str) -> bytes:
    payment = {
        "id": payment_id,
        "status": "succeeded",
        "paid": True,
        "amount": {"value": f"{AMOUNT // 100}.00", "currency": "RUB"},
        "income_amount": {"value": "289.50", "currency": "RUB"},
        "recipient": {"account_id": SHOP_ID, "gateway_id": "1"},
        "test": True,
        "refundable": True,
        "created_at": "2026-11-21T12:00:00.000Z",
        "metadata": {"payment_id": payment_id.removeprefix(PREFIX)},
    }
    return json.dumps(payment).encode()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            body = paid(head.split(b" ", 2)[1].rpartition(b"/")[2].decode())
            length = str(len(body)).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + length)
            writer.write(b"\r\n\r\n" + body)
    except asyncio.IncompleteReadError:  # the caller has gone
        writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
