"""Two graphs that run as one: what hears or sees, and what judges by that."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.inference.errors import ModelBroken


class ChainedSession:
    """As onnxruntime's sessions are: what the first gives enters the second's inputs of the same names."""

    def __init__(self, first: Any, second: Any) -> None:  # Any: onnxruntime ships no types
        """Raises ModelBroken where nothing goes from one to the other."""
        self._first, self._second = first, second
        given = {tensor.name for tensor in first.get_outputs()}
        self._between = [tensor.name for tensor in second.get_inputs() if tensor.name in given]
        if not self._between:
            taken = ", ".join(tensor.name for tensor in second.get_inputs())
            problem = f"the file before it gives {', '.join(sorted(given))}, and it takes {taken}"
            raise ModelBroken(problem=problem, fix="Name graphs of which one takes what the other gives, by that name")

    def get_inputs(self) -> list[Any]:
        own = [tensor for tensor in self._second.get_inputs() if tensor.name not in self._between]
        named = {tensor.name for tensor in own}
        return [*own, *(tensor for tensor in self._first.get_inputs() if tensor.name not in named)]

    def get_outputs(self) -> list[Any]:
        return list(self._second.get_outputs())

    def run(self, names: Sequence[str], feeds: Mapping[str, Any], options: Any) -> list[Any]:  # Any: as above
        heard = {tensor.name for tensor in self._first.get_inputs()}
        between = self._first.run(self._between, {name: feeds[name] for name in heard}, options)
        judging = {tensor.name for tensor in self._second.get_inputs()}
        own = {name: array for name, array in feeds.items() if name in judging}
        answers: list[Any] = self._second.run(names, own | dict(zip(self._between, between, strict=True)), options)
        return answers
