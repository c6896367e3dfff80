"""The SDK's client made safe: a pooled session, timeouts, and errors that say whether the result is known.

The SDK has no timeout, opens a session for each call, keeps its settings in one global, and crashes on a refused
connection or an HTML page. Its client and request objects are used; its transport is not, and neither are its response
objects: they take amounts through float and forget reasons that they do not know."""

from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import socks
import urllib3
from requests.adapters import HTTPAdapter
from yookassa.client import ApiClient
from yookassa.domain.common import RequestObject, UserAgent

from services.payments.providers.base import (
    AddressRefused,
    AmountRefused,
    NotAuthorized,
    NotFound,
    ProviderError,
    ProviderProxyFailed,
    Refused,
    ResultUnknown,
    ShopRefused,
)
from services.redaction import redact

CONNECT_SECONDS = 5.0
READ_SECONDS = 35.0  # the API itself gives up after 30 s


class Client(ApiClient):  # type: ignore[misc]  # the SDK has no types
    """Does not touch the SDK's global configuration, so two shops may live in one process. Threads may share it."""

    def __init__(
        self, *, shop_id: str, secret_key: str, api_url: str, proxy: str | None, threads: int, read_seconds: float
    ) -> None:
        """`proxy`: with user and password; of the environment's proxies none is used."""
        self.endpoint = api_url.rstrip("/")
        self.shop_id, self.shop_password, self.auth_token = shop_id, secret_key, None
        self.user_agent = UserAgent()
        self._timeout = (CONNECT_SECONDS, read_seconds)
        self._session = requests.Session()
        self._session.trust_env = False  # a stray netrc or proxy variable must not reach the payments
        if proxy is not None:
            self._session.proxies = {"http": proxy, "https": proxy}
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # nothing to share between threads
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=threads, max_retries=0)  # repeating is the reconciler's
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def request(
        self,
        method: str = "",
        path: str = "",
        query_params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:  # Any: JSON
        """The answer's JSON object, its fractions as text. Raises `ProviderError` leaves only."""
        try:
            response = self._session.request(
                str(method),
                self.endpoint + path,
                params=query_params,
                headers=self.prepare_request_headers(headers),
                json=body,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            if (words := _of_proxy(error)) is not None:
                raise ProviderProxyFailed(code="proxy", detail=redact(words)) from error
            raise ResultUnknown(code=type(error).__name__) from error
        if response.status_code == 407:  # a call in plain HTTP is answered by the proxy itself
            raise ProviderProxyFailed(code="proxy", detail=f"407 {response.reason}")
        return _read(response)

    def close(self) -> None:
        self._session.close()


def checked(kind: type[RequestObject], body: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    """The body, which the SDK finds sound. It is not sent as the SDK would write it: quantities as text from float.
    Raises ValueError or TypeError."""
    kind(body).validate()
    return body


def _of_proxy(error: BaseException | None) -> str | None:
    """What the proxy did or said, if it was the proxy. urllib3 keeps it among causes, reasons and arguments."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        if isinstance(error, socks.ProxyError):
            return str(error.socket_err or error)
        if isinstance(error, urllib3.exceptions.ProxyError):
            return str(error.original_error)
        seen.append(error)
        reason = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        error = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
    return None


def _read(response: requests.Response) -> dict[str, Any]:  # Any: JSON
    try:
        answer = response.json(parse_float=str)
    except (ValueError, RecursionError) as error:
        raise ResultUnknown(code=f"http_{response.status_code}", detail="not JSON") from error
    if not isinstance(answer, dict):
        raise ResultUnknown(code=f"http_{response.status_code}", detail="not an object")
    if response.status_code == 200:
        return answer
    raise _error(response.status_code, answer)


def _error(status: int, answer: dict[str, Any]) -> ProviderError:
    code = str(answer.get("code") or f"http_{status}")[:64]
    words, parameter = str(answer.get("description") or ""), str(answer.get("parameter") or "")
    detail = f"{words} {parameter}".strip()
    kinds: dict[int, type[ProviderError]] = {401: NotAuthorized, 403: NotAuthorized, 404: NotFound}
    if status in kinds:
        return kinds[status](code=code, detail=detail)
    if 400 <= status < 500 and status not in (408, 429):
        return _refusal(words.lower(), parameter)(code=code, detail=detail, parameter=parameter)
    return ResultUnknown(code=code, detail=detail)  # 202, 429, 5xx: it may still have been done


def _refusal(words: str, parameter: str) -> type[Refused]:
    """Where the reason lies: in the wish, in what has become of this payment meanwhile, or else in the shop."""
    if parameter.startswith("amount") or (not parameter and "amount" in words):
        return AmountRefused
    if parameter.startswith("receipt.customer"):
        return AddressRefused
    if parameter in ("payment_id", "refund_id", "cursor") or "idempotence" in words:
        return Refused
    return ShopRefused
