"""Arrays to a server and back, raw or in JSON: which of the two, it tells, or the first run finds out."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

from services.inference.runtimes.open_inference.client import OpenInferenceClient, ServerSaid
from services.inference.runtimes.open_inference.codec import Array, Body, encode
from services.inference.runtimes.open_inference.judge import judge

Given = ParamSpec("Given")
Made = TypeVar("Made")


class Exchange:
    """`heavy`: what is sent is large enough to be made in a thread."""

    def __init__(self, client: OpenInferenceClient, *, heavy: bool) -> None:
        self._client, self._heavy = client, heavy
        self._binary, self._sure = True, False

    async def learn(self) -> None:
        """Ask the server what it takes. Raises ServerAway, ModelBroken."""
        self._binary, self._sure = True, bool(await self._client.is_binary())

    async def infer(self, feeds: Mapping[str, Array], datatypes: Mapping[str, str], outputs: Sequence[str]) -> Body:
        """An answer, not read yet. A server that refuses raw tensors is asked again in JSON, once for all. Raises
        ServerAway, RunFailed, ModelBroken."""
        said = await self._ask(feeds, datatypes, outputs, binary=self._binary)
        if said.ok:
            self._sure = True
            return said.body
        if self._binary and not self._sure and said.status in {400, 415, 422, 500}:
            again = await self._ask(feeds, datatypes, outputs, binary=False)
            if again.ok:
                self._binary, self._sure = False, True
                return again.body
            said = said if said.body.raw.startswith(b"{") else again
        raise judge(said.status, said.body.raw)

    async def off_loop(self, function: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
        """Pictures and series are prepared in a thread; a few numbers are not worth one."""
        if self._heavy:
            return await asyncio.to_thread(function, *args, **kwargs)
        return function(*args, **kwargs)

    async def _ask(
        self, feeds: Mapping[str, Array], datatypes: Mapping[str, str], outputs: Sequence[str], *, binary: bool
    ) -> ServerSaid:
        return await self._client.infer(await self.off_loop(encode, feeds, datatypes, outputs, binary=binary))
