"""Bodies of the invocable actions (spec: oci-connect 11)."""

from functools import cache
from typing import Any

import msgspec


class ActionLink(msgspec.Struct):
    """An action, and where it is."""

    label: str
    name: str
    type: str
    url: str


class Actions(msgspec.Struct):
    """Where actions are listed, by kind."""

    standard: str


class ActionList(msgspec.Struct):
    """All actions."""

    actions: list[ActionLink]


class Parameter(msgspec.Struct, rename="camel", kw_only=True):
    """What goes into an action or comes out of it: one object of a class of Apex."""

    name: str
    label: str
    apex_class: str
    required: bool
    byte_length: int = 0
    description: str | None = None
    max_occurs: int = 1
    picklist_values: list[str] | None = None
    sobject_type: str | None = None
    type: str = "APEX"


class ActionDescription(msgspec.Struct, rename="camel", kw_only=True):
    """An action's inputs and outputs."""

    name: str
    label: str
    type: str
    category: str
    inputs: list[Parameter]
    outputs: list[Parameter]
    description: str | None = None
    standard: bool = True
    target_entity_name: str | None = None


class ActionError(msgspec.Struct, rename="camel"):
    """Why an input could not be run."""

    status_code: str
    message: str
    fields: list[str] = []


@cache
def invocation(subject: str, *, parameter: str, body: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return the type of a request: `{"inputs": [{parameter: body}]}`."""
    one = msgspec.defstruct(
        f"{subject}ActionInput",
        [(parameter, body | None, None)],
        namespace={"__doc__": "One input of the action."},
    )
    return msgspec.defstruct(
        f"{subject}Invocation",
        [("inputs", list[one] | None, None)],  # type: ignore[valid-type]
        namespace={"__doc__": "1 to 10 inputs; each runs by itself."},
    )


@cache
def result(subject: str, output: type[msgspec.Struct]) -> Any:
    """Return the type of what is answered to one input; `errors` is null when it ran."""
    values = msgspec.defstruct(
        f"{subject}ActionOutput",
        [("output", output)],
        namespace={"__doc__": "What the action returns."},
    )
    return msgspec.defstruct(
        f"{subject}Result",
        [
            ("action_name", str),
            ("errors", list[ActionError] | None),
            ("is_success", bool),
            ("output_values", values | None),
        ],
        rename="camel",
        namespace={"__doc__": "What became of one input."},
    )
