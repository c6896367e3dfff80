"""Whether a prompt can run, in ComfyUI's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.comfyui.nodes import InputConfig, Node
from sandbox.comfyui.wire import OLD, JsonObject, Trouble, error

_CONVERTERS: Final = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}
_LINK: Final = 2  # a node's id and the number of its output


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`outputs`: ids of the output nodes that will run. None of them: `error` says why."""

    outputs: list[str]
    error: JsonObject | None
    node_errors: JsonObject


def validate(prompt: JsonObject, nodes: Mapping[str, Node], dialect: str) -> Verdict:
    """Raises Trouble where ComfyUI stumbles."""
    if not isinstance(prompt, dict):
        raise Trouble
    if (refused := _missing_node(prompt, nodes, dialect)) is not None:
        return Verdict(outputs=[], error=refused, node_errors={})
    outputs = [node_id for node_id, node in prompt.items() if nodes[node["class_type"]].is_output]
    if not outputs:
        return Verdict(outputs=[], error=error("prompt_no_outputs", "Prompt has no outputs"), node_errors={})
    check = _Check(prompt=prompt, nodes=nodes)
    good = [node_id for node_id in outputs if check.output(node_id)]
    refused = None if good else error("prompt_outputs_failed_validation", "Prompt outputs failed validation")
    return Verdict(outputs=good, error=refused, node_errors=check.told(outputs, dialect))


def _missing_node(prompt: JsonObject, nodes: Mapping[str, Node], dialect: str) -> JsonObject | None:
    for node_id, node in prompt.items():
        if not isinstance(node, dict):
            raise Trouble
        kind = node.get("class_type")
        if kind in nodes:
            continue
        title = node.get("_meta", {}).get("title") or kind
        if dialect == OLD:
            reason = "a node is missing the class_type property" if kind is None else f"node {kind} does not exist"
            return error("invalid_prompt", f"Cannot execute because {reason}.", f"Node ID '#{node_id}'")
        message = f"Node '{title}' not found. The custom node may not be installed."
        if kind is None:
            message = f"Node '{title}' has no class_type. The workflow may be corrupted or a custom node is missing."
        extra = {"node_id": node_id, "class_type": kind, "node_title": title}
        return error("missing_node_type", message, f"Node ID '#{node_id}'", extra)
    return None


@dataclass(slots=True, kw_only=True)
class _Check:
    prompt: JsonObject
    nodes: Mapping[str, Node]
    errors: dict[str, list[JsonObject]] = field(default_factory=dict)
    _known: dict[str, bool] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)

    def output(self, node_id: str) -> bool:
        try:
            return self.node(node_id)
        except KeyError as missing:
            about = {"exception_type": "KeyError", "traceback": ["…"]}
            found = error("exception_during_validation", "Exception when validating node", str(missing), about)
            self.errors.setdefault(node_id, []).append(found)
            return False

    def node(self, node_id: str) -> bool:
        """Whether it and all before it are right. Raises KeyError for a link that leads nowhere."""
        if node_id in self._path:
            self._cycle(self._path[self._path.index(node_id) :])
            return False
        if node_id not in self._known:
            self._path.append(node_id)
            try:
                self._known[node_id] = self._look_at(node_id)
            finally:
                self._path.pop()
        return self._known[node_id] and node_id not in self.errors

    def _look_at(self, node_id: str) -> bool:
        node, given = self._of(node_id), self.prompt[node_id].get("inputs", {})
        right, problems = True, []
        for name, config in node.inputs.items():
            if name not in given:
                problems.append(
                    error("required_input_missing", "Required input is missing", name, {"input_name": name})
                )
            elif isinstance(value := given[name], list):
                found = self._link(value, name, config)
                right = right and found is True
                problems += [] if isinstance(found, bool) else [found]
            elif (wrong := _value(node, name, config, given)) is not None:
                problems.append(wrong)
        if problems:
            self.errors.setdefault(node_id, []).extend(problems)
        return right and not problems

    def _link(self, link: list[Any], name: str, config: InputConfig) -> bool | JsonObject:  # Any: as sent
        """Whether what it comes from is right, or what is wrong with the link."""
        about: JsonObject = {"input_name": name, "input_config": config}
        if len(link) != _LINK:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            return error("bad_linked_input", message, name, about | {"received_value": link})
        source, slot = link
        made = self._of(source).outputs[slot]
        if made != config[0]:
            details = f"{name}, received_type({made}) mismatch input_type({config[0]})"
            more = {"received_type": made, "linked_node": link}
            return error("return_type_mismatch", "Return type mismatch between linked nodes", details, about | more)
        try:
            return self.node(source)
        except KeyError as missing:
            more = {"exception_message": str(missing), "exception_type": "KeyError", "traceback": ["…"]}
            problem = error(
                "exception_during_inner_validation",
                "Exception when validating inner node",
                str(missing),
                about | more | {"linked_node": link},
            )
            self.errors.setdefault(source, []).append(problem)
            return False

    def _of(self, node_id: str) -> Node:
        return self.nodes[self.prompt[node_id]["class_type"]]

    def _cycle(self, path: list[str]) -> None:
        named = [f"{each} ({self.prompt[each]['class_type']})" for each in [*path, path[0]]]
        for node_id in path:
            about = {"node_id": node_id, "cycle_nodes": path}
            problem = error("dependency_cycle", "Dependency cycle detected", " -> ".join(named), about)
            self.errors.setdefault(node_id, []).append(problem)

    def told(self, outputs: list[str], dialect: str) -> JsonObject:
        """As in the answer; the old dialect does not tell of cycles."""
        return {
            node_id: {
                "errors": problems,
                "dependent_outputs": [each for each in outputs if self._leads(each, node_id, set())],
                "class_type": self.prompt[node_id]["class_type"],
            }
            for node_id, problems in self.errors.items()
            if not (dialect == OLD and problems[0]["type"] == "dependency_cycle")
        }

    def _leads(self, from_id: str, to_id: str, seen: set[str]) -> bool:
        if from_id == to_id:
            return True
        seen.add(from_id)
        links = [each for each in self.prompt[from_id].get("inputs", {}).values() if isinstance(each, list)]
        return any(
            self._leads(link[0], to_id, seen) for link in links if link[0] in self.prompt and link[0] not in seen
        )


def _value(node: Node, name: str, config: InputConfig, given: JsonObject) -> JsonObject | None:
    """What is wrong with a value that is no link. What can be converted is, in place."""
    kind, value = config[0], given[name]
    if node.finds is not None:
        details = f"{name} - Invalid image file: {value}"
        problem = error("custom_validation_failed", "Custom validation failed for node", details, {"input_name": name})
        return None if node.finds(str(value)) else problem
    about: JsonObject = {"input_name": name, "input_config": config, "received_value": value}
    if isinstance(kind, list):
        problem = error("value_not_in_list", "Value not in list", f"{name}: '{value}' not in {kind}", about)
        return None if value in kind else problem
    if kind not in _CONVERTERS:  # only another node can give it
        return error("required_input_missing", "Required input is missing", name, {"input_name": name})
    try:
        given[name] = _CONVERTERS[kind](value)
    except (ValueError, TypeError) as failed:
        message = f"Failed to convert an input value to a {kind} value"
        about["exception_message"] = str(failed)
        return error("invalid_input_type", message, f"{name}, {value}, {failed}", about)
    return _out_of_range(name, given[name], config[1], about)


def _out_of_range(name: str, value: Any, options: JsonObject, about: JsonObject) -> JsonObject | None:  # Any: any type
    if "min" in options and value < options["min"]:
        message = f"Value {value} smaller than min of {options['min']}"
        return error("value_smaller_than_min", message, name, about)
    if "max" in options and value > options["max"]:
        message = f"Value {value} bigger than max of {options['max']}"
        return error("value_bigger_than_max", message, name, about)
    return None
