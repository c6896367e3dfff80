"""What pydantic complains of, in a manifest's own words."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails


def explain(error: ValidationError, data: dict[str, Any]) -> tuple[str, str, str]:
    """Key, problem and fix of the first complaint about `data`; the rest usually follows from it."""
    first = error.errors(include_url=False)[0]
    problem, fix = _problem_and_fix(first)
    path = (*first["loc"], *first.get("ctx", {}).get("key", ()))
    if (more := error.error_count() - 1) > 0 and first["type"] != "manifest":
        fix += f" ({more} more after this one)" if more > 1 else " (one more after this one)"
    return _key(data, path), problem, fix


def _key(data: Any, path: tuple[str | int, ...]) -> str:
    """The path as a person reads it: `inputs.alcohol.min`; steps that only Pydantic knows of are left out."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int) and isinstance(data, list) and step < len(data):
            data = data[step]
            name = data.get("name", data.get("value")) if isinstance(data, dict) else None
            parts.append(name if isinstance(name, str) else str(step + 1))
        elif isinstance(step, str) and isinstance(data, dict) and step in data:
            data = data[step]
            parts.append(step)
        elif isinstance(step, str) and (isinstance(data, list) or (step == path[-1] and isinstance(data, dict))):
            parts.append(step)
    return ".".join(parts)


_FIXES = {
    "missing": ("is missing", "Add it; docs/manifest.md tells what it holds"),
    "extra_forbidden": ("is not a key of this table", "Remove it or check its spelling"),
    "string_type": ("is not text", "Write it in quotes"),
    "float_type": ("is not a number", "Write it without quotes"),
    "int_type": ("is not a whole number", "Write it without quotes and decimals"),
    "bool_type": ("is neither true nor false", "Write true or false without quotes"),
    "tuple_type": ("is not a list", "Write it in square brackets"),
    "model_type": ("is not a table", "Write it as { key = value, … }"),
    "finite_number": ("is not a finite number", "Write an ordinary number"),
}


def _problem_and_fix(error: ErrorDetails) -> tuple[str, str]:
    context, given = error.get("ctx", {}), error["input"]
    shown = repr(given) if isinstance(given, str | int | float) and len(repr(given)) < 80 else "the value"
    match error["type"]:
        case "manifest":
            return context["problem"], context["fix"]
        case "literal_error" | "union_tag_invalid":
            expected = context.get("expected") or context.get("expected_tags")
            return f"{shown} is not known" if "tag" not in context else f'type "{context["tag"]}" is not known', (
                f"Use one of: {expected}"
            )
        case "union_tag_not_found":
            return "has no type", 'Add type = "…"'
        case "string_pattern_mismatch":
            return f"{shown} has characters that are not allowed", f"It must match {context['pattern']}"
        case kind if kind in _FIXES:
            return _FIXES[kind]
    return f"{shown} is wrong", error["msg"].replace("Input should", "It should")
