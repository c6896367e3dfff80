"""The answers to an example, as `kassandra models check` shows them."""

from services.inference.tensors import Result
from services.manifests.labels import NAMELESS


def answers_in_words(result: Result) -> str:
    """The answers in a line."""
    parts = []
    for name, answer in result.outputs.items():
        if isinstance(answer, dict) and isinstance(probabilities := answer.get("probabilities"), dict):
            top = answer["value"]
            parts.append(f"{name} {top or NAMELESS} ({probabilities[str(top)]:.1%})")
        elif isinstance(answer, list):
            parts.append(f"{name} of {len(answer)} value{'' if len(answer) == 1 else 's'}")
        elif answer is None:
            parts.append(f"{name} a picture of {len(result.images[name])} bytes")
        else:
            parts.append(f"{name} {answer:.6g}" if isinstance(answer, float) else f"{name} {answer}")
    return ", ".join(parts)
