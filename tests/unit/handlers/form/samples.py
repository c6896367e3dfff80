"""Manifests to walk through."""

from pathlib import Path
from typing import Any

from services.manifests.manifest import Manifest, load_manifest, with_runtime

STORE = Path(__file__).parents[4] / "models_store"

TEXT = {"ru": "Текст <b>&", "en": "Text <b>&"}

EVERYTHING: list[dict[str, Any]] = [
    {
        "name": "number",
        "type": "number",
        "label": {"ru": "Число", "en": "Number"},
        "unit": "%",
        "min": 0.5,
        "max": 99.5,
        "default": 12.25,
        "example": 13.5,
        "tensor": {"name": "a"},
    },
    {
        "name": "integer",
        "type": "integer",
        "label": {"ru": "Целое", "en": "Integer"},
        "help": {"ru": "Сколько <штук>?", "en": "How <many>?"},
        "min": 1,
        "max": 2_000_000,
        "default": 1_500_000,
    },
    {
        "name": "choice",
        "type": "choice",
        "label": {"ru": "Цвет", "en": "Colour"},
        "default": "green",
        "options": [
            {"value": "red", "label": {"ru": "Красный", "en": "Red"}},
            {"value": "green", "label": {"ru": "Зелёный", "en": "Green"}},
        ],
    },
    {
        "name": "boolean",
        "type": "boolean",
        "label": {"ru": "С дождём?", "en": "With rain?"},
        "default": True,
    },
    {
        "name": "date",
        "type": "date",
        "label": {"ru": "День", "en": "Day"},
        "min": "2020-01-01",
        "max": "2030-12-31",
        "example": "2026-11-21",
    },
    {
        "name": "text",
        "type": "text",
        "label": {"ru": "Отзыв", "en": "Review"},
        "min_length": 3,
        "max_length": 200,
    },
    {
        "name": "series",
        "type": "series",
        "label": {"ru": "Цены", "en": "Prices"},
        "unit": {"ru": "₽", "en": "RUB"},
        "above": 0,
        "min_length": 3,
        "max_length": 10,
        "sources": [{"value": "demo", "label": {"ru": "Пример", "en": "Demo"}, "file": "demo.csv"}],
        "default": "demo",
    },
    {
        "name": "image",
        "type": "image",
        "label": {"ru": "Снимок", "en": "Picture"},
        "prepare": {"size": [8, 8]},
    },
]


def manifest(inputs: list[dict[str, Any]], *, price: str = "1.00", version: str = "1", **more: Any) -> Manifest:
    """A manifest with these questions; everything else is as short as can be. Any: TOML."""
    tensors = {"text": "string"}
    asked = [
        {"tensor": {"name": f"t_{each['name']}", "dtype": tensors.get(each["type"], "float32")}} | each
        for each in inputs
    ]
    return Manifest.model_validate(
        with_runtime(
            {
                "slug": "sample",
                "version": version,
                "title": {"ru": "Проба", "en": "Sample"},
                "price": price,
                "runtime": {"kind": "onnx", "file": "model.onnx", "sha256": "0" * 64},
                "inputs": asked,
                "outputs": [{"name": "y", "type": "number", "label": "y", "tensor": "y"}],
            }
            | more
        )
    )


def everything(**more: Any) -> Manifest:  # Any: as above
    return manifest(EVERYTHING, **more)


def stored(slug: str) -> Manifest:
    return load_manifest(STORE / slug)
