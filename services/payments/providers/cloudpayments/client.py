"""HTTP to CloudPayments: a pooled session, timeouts, and errors that say whether the result is known."""

import json
from dataclasses import dataclass
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from services.payments.providers.base import (
    AddressRefused,
    AmountRefused,
    NotAuthorized,
    NotFound,
    ProviderError,
    Refused,
    ResultUnknown,
    ShopRefused,
)

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 35.0  # the API's own limit is five minutes: whoever waits that long has gone
Json = dict[str, Any]  # Any: JSON holds what it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """`success` speaks of the request, not of money; `words`: why there is no `model`."""

    success: bool
    words: str
    model: Any  # Any: JSON, whose fractions are Decimal


class CloudPaymentsClient:
    """Threads may share it."""

    def __init__(
        self, *, public_id: str, api_secret: str, api_url: str, connections: int, read_seconds: float = READ_SECONDS
    ) -> None:
        self._url = api_url.rstrip("/")
        self._timeout = (CONNECT_SECONDS, read_seconds)
        self._session = requests.Session()
        self._session.trust_env = False  # a stray netrc or proxy variable must not reach the payments
        self._session.auth = (public_id, api_secret)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # nothing to share between threads
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def call(self, path: str, body: Json, key: str | None = None) -> ApiAnswer:
        """`key`: a call that succeeded with it is not done again within the hour. Raises `ProviderError` leaves."""
        headers = {"Content-Type": "application/json"} | ({} if key is None else {"X-Request-ID": key})
        try:
            response = self._session.post(
                self._url + path,
                data=exact_json(body).encode(),
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ResultUnknown(code=type(error).__name__) from error
        return _read(response)

    def close(self) -> None:
        self._session.close()


def exact_json(value: Any) -> str:  # Any: JSON, and Decimal for its numbers
    """The standard writer knows fractions as floats only."""
    match value:
        case Decimal():
            return f"{value:f}"
        case dict():
            return "{" + ", ".join(f"{json.dumps(name)}: {exact_json(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(exact_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def refusal(words: str) -> ProviderError:
    """What an answer without a model means; the words are all there is to tell by."""
    said = words.lower()
    kinds: dict[str, type[ProviderError]] = {"not found": NotFound, "amount": AmountRefused, "email": AddressRefused}
    kind = next((kind for word, kind in kinds.items() if word in said), ShopRefused)
    return kind(code="not_found" if kind is NotFound else "refused", detail=words)


def _read(response: requests.Response) -> ApiAnswer:
    code = f"http_{response.status_code}"
    if response.status_code in (401, 403):
        raise NotAuthorized(code=code)
    try:
        answer = response.json(parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        answer, unread = {}, error
        if response.status_code == 200:
            raise ResultUnknown(code=code, detail="not JSON") from unread
    if not isinstance(answer, dict):
        raise ResultUnknown(code=code, detail="not an object")
    words = str(answer.get("Message") or "")
    if response.status_code != 200:
        known = 400 <= response.status_code < 500 and response.status_code not in (408, 409, 429)
        raise (Refused if known else ResultUnknown)(code=code, detail=words)
    if not isinstance(answer.get("Success"), bool):
        raise ResultUnknown(code="bad_answer", detail=words)
    return ApiAnswer(success=answer["Success"], words=words, model=answer.get("Model"))
