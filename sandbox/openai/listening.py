"""`/audio/transcriptions`: how long a sound is. No model listens here, so what is said in it nobody knows."""

from typing import Any, Final, NamedTuple

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Send

from sandbox.ogg import seconds_of
from sandbox.openai.one_request import HANG_SECONDS, Cut, OneRequest, error_response, spoiled_whole

EAR: Final = "sandbox-ear-1"
SAID: Final = {
    "en": "This is the sandbox's stand-in: no model listens here. The sound is {seconds:.1f} s long.",
    "ru": "Это заглушка песочницы: здесь не слушает никакая модель. Звук длится {seconds:.1f} с.",
}


class Recording(NamedTuple):
    """`seconds`: None for what is no sound."""

    model: str
    size: int
    seconds: float | None
    language: str

    @property
    def entry(self) -> dict[str, Any]:  # Any: JSON
        return {"path": "audio/transcriptions", "model": self.model, "size": self.size, "seconds": self.seconds}

    @property
    def text(self) -> str:
        return SAID.get(self.language, SAID["en"]).format(seconds=self.seconds)


async def recording_of(request: Request) -> Recording:
    """Raises ValueError with the words of a refusal."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise ValueError("Could not parse multipart form.")
    async with request.form() as form:
        file, model = form.get("file"), form.get("model")
        if not isinstance(file, UploadFile) or not isinstance(model, str):
            raise ValueError("file and model are required.")
        sound, named = await file.read(), (file.filename or "").endswith((".ogg", ".webm", ".wav", ".mp3", ".m4a"))
        if form.get("response_format", "json") != "json":
            raise ValueError("This stand-in says json only.")
        language = form.get("language", "en")
    return Recording(model, len(sound), seconds_of(sound) if named else None, str(language))


class Listening(OneRequest):
    """One request to write a sound down; it meets the faults that are no matter of a stream."""

    async def answer(self, send: Send) -> None:
        response = await self._response()
        await response(self._request.scope, self._request.receive, send)

    async def _response(self) -> Response:
        try:
            recording = await recording_of(self._request)
        except ValueError as error:
            return error_response(400, str(error))
        fault, after = self._next_fault()
        self._server.calls.append({**recording.entry, "fault": fault})
        if fault in {"hang", "cut_before"}:
            await self._pause(HANG_SECONDS if fault == "hang" else 0.0)
            raise Cut
        if (refused := self._asked_wrongly(recording.model, EAR) or spoiled_whole(fault, after)) is not None:
            return refused
        if recording.seconds is None:
            return error_response(400, "The audio file could not be decoded or its format is not supported.")
        return JSONResponse({"text": "" if fault == "empty" else recording.text})
