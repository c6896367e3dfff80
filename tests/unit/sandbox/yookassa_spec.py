"""YooKassa's own description of its API, looked for beside the checkout: it is not part of the project."""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

SHARED = Path(__file__).parents[4] / "shared" / "specs"
SPEC = SHARED / "yookassa-openapi-2026-02-06.json"
SAMPLES = SHARED / "yookassa-webhook-samples.json"

Schema = dict[str, Any]


def needed(path: Path) -> Any:
    """Its JSON. Without it the test is skipped, but fails where nothing may be skipped."""
    if not path.exists():
        reason = f"YooKassa's documentation is not at {path}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return json.loads(path.read_text())


@cache
def spec() -> Schema:
    found: Schema = _nullable(needed(SPEC))
    return found


def _nullable(schema: Any) -> Any:
    """JSON Schema has no `nullable`."""
    if isinstance(schema, list):
        return [_nullable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _nullable(value) for name, value in schema.items() if name != "nullable"}
    if schema.get("nullable") is True and "type" in plain:
        plain["type"] = [plain["type"], "null"]
    return plain


def schema_of(name: str) -> Schema:
    found: Schema = spec()["components"]["schemas"][name]
    return found


def request_body(path: str) -> Schema:
    body: Schema = spec()["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return body


def validate(name: str, value: object) -> None:
    """The value is what the schema says and has no field that it does not name."""
    root = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], "components": spec()["components"]}
    Draft4Validator(root, format_checker=FormatChecker()).validate(value)
    assert list(strangers(schema_of(name), value)) == []


def strangers(schema: Schema, value: object, path: str = "") -> Iterator[str]:
    if "oneOf" in schema:
        yield from min((list(strangers(part, value, path)) for part in schema["oneOf"]), key=len)
        return
    if isinstance(value, list):
        for each in value:
            yield from strangers(flat(schema).get("items", {}), each, path)
    if not isinstance(value, dict) or "additionalProperties" in flat(schema):
        return
    known = flat(schema)["properties"]
    for name, each in value.items():
        if name in known:
            yield from strangers(known[name], each, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def flat(schema: Schema) -> Schema:
    """References followed, what is spread over `allOf` and `oneOf` put together."""
    if "$ref" in schema:
        return flat(schema_of(schema["$ref"].rpartition("/")[2]))
    together: Schema = {"properties": {}, "required": []}
    for part in [*schema.get("allOf", []), *schema.get("oneOf", [])]:
        found = flat(part)
        together["properties"] |= {
            name: each for name, each in found["properties"].items() if name not in together["properties"]
        }
        together["required"] += found["required"]
        together |= {name: each for name, each in found.items() if name not in ("properties", "required")}
    own = {name: each for name, each in schema.items() if name not in ("allOf", "oneOf", "properties", "required")}
    together |= own
    together["properties"] |= schema.get("properties", {})
    together["required"] = sorted({*together["required"], *schema.get("required", [])})
    return together
