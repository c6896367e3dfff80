"""What waits, what runs and what is told of what has ended."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.comfyui.wire import JsonObject

HISTORY: Final = 1000
_OVER: Final = {"execution_success": "completed", "execution_error": "failed", "execution_interrupted": "cancelled"}


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    number: float
    id: str
    prompt: JsonObject
    extra: JsonObject
    outputs: list[str]
    """Nodes whose files are wanted."""
    order: int
    done: JsonObject = field(default_factory=dict)
    """Files by output node."""
    messages: list[list[Any]] = field(default_factory=list)  # Any: a name and its data
    ended: bool = False

    def __lt__(self, other: "Job") -> bool:
        return (self.number, self.order) < (other.number, other.order)

    @property
    def client_id(self) -> str | None:
        given: str | None = self.extra.get("client_id")
        return given

    def item(self) -> list[Any]:  # Any: ComfyUI's tuple
        """As in `/queue`."""
        return [self.number, self.id, self.prompt, self.extra, self.outputs]

    def entry(self) -> JsonObject:
        """As in `/history`."""
        succeeded = self._last == "execution_success"
        names = {node: {"node_id": node, "display_node": node, "parent_node": None, "real_node_id": node}
                 for node in self.done}  # fmt: skip
        return {
            "prompt": self.item(),
            "outputs": self.done if succeeded else {},
            "status": {
                "status_str": "success" if succeeded else "error",
                "completed": succeeded,
                "messages": self.messages,
            },
            "meta": names if succeeded else {},
        }

    @property
    def _last(self) -> str:
        return str(self.messages[-1][0]) if self.messages else ""

    def view(self, status: str, *, whole: bool) -> JsonObject:
        """As in `/api/jobs`."""
        known: JsonObject = {
            "id": self.id,
            "status": status,
            "priority": self.number,
            "create_time": self.extra.get("create_time"),
            "outputs_count": 0,
        }
        if (workflow := self.extra.get("extra_pnginfo", {}).get("workflow", {}).get("id")) is not None:
            known["workflow_id"] = workflow
        if not self.ended:
            return known
        outputs = self.entry()["outputs"]
        files = [(node, file) for node, output in outputs.items() for file in output["images"]]
        known |= {
            "status": _OVER[self._last],
            "execution_start_time": self.messages[0][1]["timestamp"],
            "execution_end_time": self.messages[-1][1]["timestamp"],
            "outputs_count": len(files),
        }
        if files:
            known["preview_output"] = files[0][1] | {"nodeId": files[0][0], "mediaType": "images"}
        if self._last == "execution_error":
            known["execution_error"] = self.messages[-1][1]
        if whole:
            known |= {"outputs": outputs, "execution_status": self.entry()["status"]}
            known["workflow"] = {"prompt": self.prompt, "extra_data": self.extra}
        return known


class Jobs:
    """Nothing here waits; whoever changes it tells the worker."""

    def __init__(self) -> None:
        self.heap: list[Job] = []
        self.running: Job | None = None
        self.history: dict[str, Job] = {}
        self.next_number = 0
        self._orders = 0

    def take_number(self) -> int:
        self.next_number += 1
        return self.next_number - 1

    def put(self, **given: Any) -> bool:  # Any: fields of Job
        """False where ComfyUI stumbles over a job of the same id and number, which it has queued all the same."""
        self._orders += 1
        job = Job(order=self._orders, **given)
        twin = any((each.id, each.number) == (job.id, job.number) for each in self.heap)
        heapq.heappush(self.heap, job)
        return not twin

    def pop(self) -> Job | None:
        if self.heap and self.running is None:
            self.running = heapq.heappop(self.heap)
            return self.running
        return None

    def end(self, job: Job) -> None:
        job.ended, self.running = True, None
        self.history.pop(job.id, None)
        self.history[job.id] = job
        while len(self.history) > HISTORY:
            del self.history[next(iter(self.history))]

    def drop(self, job_id: str) -> bool:
        """Of those that wait."""
        left = [each for each in self.heap if each.id != job_id]
        found = len(left) < len(self.heap)
        self.heap = left
        heapq.heapify(self.heap)
        return found

    @property
    def remaining(self) -> int:
        return len(self.heap) + (self.running is not None)

    def find(self, job_id: str, *, whole: bool = True) -> JsonObject | None:
        """As in `/api/jobs/{id}`."""
        return next((job.view(status, whole=whole) for job, status in self._all() if job.id == job_id), None)

    def listed(self) -> list[JsonObject]:
        return [job.view(status, whole=False) for job, status in self._all()]

    def _all(self) -> Iterator[tuple[Job, str]]:
        if self.running is not None:
            yield self.running, "in_progress"
        yield from ((each, "pending") for each in sorted(self.heap))
        yield from ((each, "") for each in reversed(self.history.values()))
