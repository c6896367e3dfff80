"""The description of the API, and whether an answer is one that it tells."""

import re
from typing import Any, Final

import httpx

from web.api.app import make_api

PROBLEM: Final = "application/problem+json"
SPEC: Final[dict[str, Any]] = make_api().openapi()  # Any: JSON
_PATHS: Final = {re.compile(re.sub(r"{\w+}", "[^/]+", path)): methods for path, methods in SPEC["paths"].items()}


def codes_of(answer: dict[str, Any]) -> set[str]:
    """Of the problems that an operation tells of, at one status."""
    return set(answer.get("content", {}).get(PROBLEM, {}).get("examples", {}))


async def must_be_told(response: httpx.Response) -> None:
    """For a client's hooks: its status stands in the description, and the code of a problem."""
    path = response.request.url.path.removeprefix("/api/v1")
    found = [methods for known, methods in _PATHS.items() if known.fullmatch(path)]
    method = response.request.method.lower()
    operation = next((methods[method] for methods in found if method in methods), None)
    if operation is None:
        return
    answer = operation["responses"].get(str(response.status_code))
    assert answer is not None, f"{operation['operationId']} does not tell of {response.status_code}"
    if response.is_error:
        await response.aread()
        code = response.json()["code"]
        assert code in codes_of(answer), f"{operation['operationId']} does not tell of {code}"
