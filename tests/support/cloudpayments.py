"""CloudPayments at the network's edge: a server that answers what a test told it to, and the documented samples."""

import json
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from services.payments.providers.cloudpayments.client import exact_json
from services.payments.providers.cloudpayments.provider import CloudPayments
from services.payments.providers.cloudpayments.tax import ReceiptTax

SAMPLES: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "data/cloudpayments.json").read_text()
)  # Any: JSON
SECRET: str = SAMPLES["secret"]
PUBLIC_ID: str = SAMPLES["public_id"]
MISSING: dict[str, Any] = {"Success": False, "Message": "Not found"}
HUNG = object()
"""An answer that does not come."""


def sample(name: str) -> dict[str, Any]:  # Any: JSON
    """What the API answers, by the sample's id; its fractions are exact."""
    found = next(each for each in SAMPLES["api"] if each["id"] == name)
    exact: dict[str, Any] = json.loads(json.dumps(found["response"]), parse_float=Decimal)
    return exact


def transaction(invoice: object, **more: Any) -> dict[str, Any]:  # Any: JSON
    """A paid one of 300.00, in its envelope."""
    answer = sample("get_completed")
    model = answer["Model"] | {"InvoiceId": str(invoice), "Amount": Decimal("300.00"), "TestMode": False} | more
    return {"Success": model["Status"] != "Declined", "Message": None, "Model": model}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    path: str
    body: dict[str, Any]  # Any: JSON
    raw: str
    key: str | None
    login: str


@dataclass(slots=True)
class AnsweringServer:
    """`answers`: by path, one after the other; the last stays. A number is a status without JSON."""

    url: str = ""
    answers: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))  # Any: JSON, a status, HUNG
    calls: list[ApiCall] = field(default_factory=list)

    def says(self, path: str, *answers: Any) -> None:  # Any: as above
        self.answers[path] = list(answers)

    def asked(self, path: str) -> list[ApiCall]:
        return [call for call in self.calls if call.path == path]


@contextmanager
def answering() -> Iterator[AnsweringServer]:
    there = AnsweringServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            login = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            key = self.headers.get("X-Request-ID")
            there.calls.append(ApiCall(path=self.path, body=json.loads(raw), raw=raw, key=key, login=login))
            told = there.answers[self.path]
            answer = told.pop(0) if len(told) > 1 else told[0] if told else MISSING
            if answer is HUNG:
                self.close_connection = True
                return
            status, text = (answer, "no") if isinstance(answer, int) else (200, exact_json(answer))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    there.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def open_provider(server: AnsweringServer, *, tax: ReceiptTax | None = None) -> CloudPayments:
    return CloudPayments(public_id=PUBLIC_ID, api_secret=SECRET, api_url=server.url, tax=tax, read_seconds=2.0)
