"""`python -m benchmarks.bare_web`: what the shop over HTTP is measured against, by FastAPI and uvicorn alone. `/me` has
a body of the same shape from memory; `/predictions` runs wine for everybody, unpaid, in batches of what is waiting."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from services.inference.runtimes.onnx import open_session
from web.api.me import Me

MODEL = Path(__file__).parents[1] / "models_store" / "wine" / "model.onnx"
LARGEST = 64
CLASSES = 3
app = FastAPI()


class Asked(BaseModel):
    model: str
    input: dict[str, float]


class Answered(BaseModel):
    id: UUID
    model: str
    input: dict[str, float]
    output: dict[str, Any]
    created_at: datetime


class Batches:
    """As LitServe does: a queue, and a worker that takes what is there."""

    def __init__(self) -> None:
        self._session = open_session(MODEL.read_bytes())
        self._name = self._session.get_inputs()[0].name
        self._queue: asyncio.Queue[tuple[list[float], asyncio.Future[Any]]] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    async def predict(self, row: list[float]) -> Any:
        loop = asyncio.get_running_loop()
        self._worker = self._worker or loop.create_task(self._work())
        answer = loop.create_future()
        self._queue.put_nowait((row, answer))
        return await answer

    async def _work(self) -> None:
        while True:
            waiting = [await self._queue.get()]
            while not self._queue.empty() and len(waiting) < LARGEST:
                waiting.append(self._queue.get_nowait())
            rows = np.array([row for row, _ in waiting], np.float32)
            outputs = await asyncio.to_thread(self._session.run, None, {self._name: rows})
            for number, (_, answer) in enumerate(waiting):
                answer.set_result([np.asarray(output[number]).tolist() for output in outputs])


batches = Batches()


@app.get("/api/v1/me")
async def me() -> Me:
    return Me(id=1, name="Anna", language="en", gender=None, age=None, email=None, telegram=True, balance=1000)


@app.post("/api/v1/predictions", status_code=201)
async def predict(asked: Asked) -> Answered:
    output = await batches.predict(list(asked.input.values()))
    now = datetime.now(UTC)
    return Answered(id=uuid4(), model=asked.model, input=asked.input, output={"answer": output}, created_at=now)


def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    main()
