"""The description of the API is whole: every endpoint is told with its name, its rights and what it refuses."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import Callers, problem
from tests.integration.api.description import PROBLEM, SPEC, codes_of
from web.api.app import ROUTERS
from web.api.problems import SERVED
from web.api.refusals import OF_FIELDS
from web.api.routes import ApiRoute

OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (method, path, operation) for path, methods in SPEC["paths"].items() for method, operation in methods.items()
]
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]
SOMEBODYS = {"prediction_id": "0" * 32, "file_id": "0" * 32, "name": "x", "slug": "wine"}


def test_every_endpoint_stands_behind_the_same_door() -> None:
    assert all(isinstance(route, ApiRoute) for router in ROUTERS for route in router.routes)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_each_operation_is_told(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    refused = {status for status in operation["responses"] if status >= "4"}
    assert {"429", "500", "503"} <= refused
    assert ("401" in refused) >= bool(operation["security"])
    for status in refused:
        assert list(operation["responses"][status]["content"]) == [PROBLEM]
    if "{" in path:
        assert "404" in refused
    told = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    assert told
    for answer in told:
        schemas = [content["schema"] for content in answer.get("content", {}).values()]
        assert all("$ref" in schema or schema.get("type") == "string" for schema in schemas)


@pytest.mark.parametrize("name", [name for name in SPEC["components"]["schemas"] if not name.endswith("List")])
def test_each_schema_has_a_plain_name(name: str) -> None:
    assert name.isalpha()


def test_every_code_of_a_problem_is_written_down() -> None:
    page = (Path(__file__).parents[3] / "docs" / "api-problems.md").read_text(encoding="utf-8")
    written = set(re.findall(r"^\| (\d+) \| `(\w+)` \| .+ \|$", page, re.MULTILINE))
    answers = [each for _, _, operation in OPERATIONS for each in operation["responses"].items()]
    assert written == {(status, code) for status, answer in answers for code in codes_of(answer)}
    assert all(f"`{code}`" in page for code in OF_FIELDS.values())
    assert all(f"`{code}`" in page for code, _ in SERVED.values())


async def test_strangers_are_let_in_nowhere(own_callers: Callers) -> None:
    """But where they sign in."""
    stranger = await own_callers.person()
    for method, path, operation in OPERATIONS:
        if operation["security"]:
            answer = await _call(stranger, method, path)
            if answer.status_code == 429:
                break
            problem(answer, 401, "not_signed_in")


async def test_the_page_that_draws_it(callers: Callers) -> None:
    stranger = await callers.person()
    shop = f"http://127.0.0.1:{callers.app.web_port}"
    page = await stranger.get(f"{shop}/api/docs")
    assert page.status_code == 200
    assert "unsafe" not in page.headers["content-security-policy"]
    for word in ("swagger-ui-bundle.js", "swagger-ui.css", "api-docs.js"):
        address = next(part for part in page.text.split('"') if word in part)
        assert (await stranger.get(shop + address)).status_code == 200
    served = await stranger.get("openapi.json")
    assert served.json()["openapi"].startswith("3.1")
    assert served.json()["paths"].keys() == SPEC["paths"].keys()


def _names(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


async def _call(client: httpx.AsyncClient, method: str, path: str, **ids: Any) -> httpx.Response:
    for name in _names(path):
        path = path.replace(f"{{{name}}}", str(ids.get(name, SOMEBODYS.get(name, 1))))
    body: dict[str, Any] | None = {} if method in ("post", "patch") and not path.endswith("/cancel") else None
    return await client.request(method, path.removeprefix("/"), json=body)
