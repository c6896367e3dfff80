"""The answers to an example, as `kassandra models check` shows them."""

from typing import Any

from services.inference.tensors import Result
from services.manifests.labels import NAMELESS


def answers_in_words(result: Result) -> str:
    """The answers in a line."""
    parts = []
    for name, answer in result.outputs.items():
        if isinstance(answer, dict) and isinstance(probabilities := answer.get("probabilities"), dict):
            top = answer["value"]
            parts.append(f"{name} {top or NAMELESS} ({probabilities[str(top)]:.1%})")
        elif isinstance(answer, dict):
            parts.append(f"{name} {_found(answer)}")
        elif isinstance(answer, list):
            parts.append(f"{name} of {len(answer)} value{'' if len(answer) == 1 else 's'}")
        elif isinstance(answer, float) and name in result.images:
            parts.append(f"{name} a sound of {answer:g} s")
        elif answer is None:
            parts.append(f"{name} a picture of {len(result.images[name])} bytes")
        else:
            parts.append(f"{name} {answer:.6g}" if isinstance(answer, float) else f"{name} {answer}")
    return ", ".join(parts)


def _found(answer: dict[str, Any]) -> str:  # Any: JSON of an answer
    """Of a table, or of what is drawn over a photo."""
    if "rows" in answer:
        return f"of {len(answer['rows'])} × {len(answer['columns'])} cells"
    if "found" in answer:
        return f"{answer['found']} box{'' if answer['found'] == 1 else 'es'}"
    shares = answer.get("shares", {"": answer.get("share", 0.0)})
    return ", ".join(f"{value} {share:.1%}".strip() for value, share in shares.items())
