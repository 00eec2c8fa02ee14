"""The same resources as Flow (invocable) actions (spec: oci-connect 11).

`GET …/actions/standard` lists them, `GET …/actions/standard/{name}` describes one, and a POST to
that address runs it, once for each of its inputs, each in a transaction of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from integrations.connect.api import availability, documents, operations
from integrations.connect.api.actions_wire import (
    ActionDescription,
    ActionError,
    ActionLink,
    ActionList,
    Actions,
    Parameter,
    invocation,
    result,
)
from integrations.connect.api.availability_wire import AvailabilityInput, AvailabilityOutput
from integrations.connect.api.base import Call, ConnectView
from integrations.connect.api.discovery import DATA
from integrations.connect.api.documents_wire import (
    CreateInput,
    CreateOutput,
    UpdateInput,
    UpdateOutput,
)
from integrations.connect.api.operations_wire import (
    FulfilmentInput,
    FulfilmentOutput,
    ReleaseInput,
    ReleaseOutput,
    TransferInput,
    TransferOutput,
)
from inventory.api.base import Answer, Operation
from inventory.errors import InvalidRequest, MissingParameter, Refusal

MAX_INPUTS = 10
CATEGORY = "Omnichannel Inventory Service"


@dataclass(frozen=True, slots=True)
class Action:
    """A resource as an action: one parameter in, one out.

    `parameter` is the name of the Apex method's parameter, `subject` what its classes are called.
    """

    name: str
    label: str
    subject: str
    parameter: str
    scope: str
    body: type[msgspec.Struct]
    output: type[msgspec.Struct]
    run: Callable[[Call, Any], msgspec.Struct]

    @property
    def type(self) -> str:
        """Return the kind of action, as Salesforce writes it."""
        return self.name.upper()


CREATE = Action(
    name="ociCreateReservation",
    label="Create Reservation",
    subject="OCICreateReservation",
    parameter="createReservationInputRepresentation",
    scope=operations.WRITE,
    body=CreateInput,
    output=CreateOutput,
    run=documents.create,
)
UPDATE = Action(
    name="ociUpdateReservation",
    label="Update Reservation",
    subject="OCIUpdateReservation",
    parameter="updateReservationInputRepresentation",
    scope=operations.WRITE,
    body=UpdateInput,
    output=UpdateOutput,
    run=documents.update,
)
FULFIL = Action(
    name="ociFulfillReservation",
    label="Fulfill Reservation",
    subject="OCIFulfillReservation",
    parameter="fulfillReservationInputRepresentation",
    scope=operations.WRITE,
    body=FulfilmentInput,
    output=FulfilmentOutput,
    run=operations.fulfil,
)
RELEASE = Action(
    name="ociReleaseReservation",
    label="Release Reservation",
    subject="OCIReleaseReservation",
    parameter="releaseReservationInputRepresentation",
    scope=operations.WRITE,
    body=ReleaseInput,
    output=ReleaseOutput,
    run=operations.release,
)
TRANSFER = Action(
    name="ociTransferReservation",
    label="Transfer Reservation",
    subject="OCITransferReservation",
    parameter="transferReservationInputRepresentation",
    scope=operations.WRITE,
    body=TransferInput,
    output=TransferOutput,
    run=operations.transfer,
)
AVAILABILITY = Action(
    name="ociGetAvailability",
    label="Get Availability",
    subject="OCIGetInventoryAvailability",
    parameter="inventoryAvailabilityInputRepresentation",
    scope=availability.READ,
    body=AvailabilityInput,
    output=AvailabilityOutput,
    run=availability.get_availability,
)
ACTIONS = (CREATE, UPDATE, FULFIL, RELEASE, TRANSFER, AVAILABILITY)


class ActionKindsView(ConnectView):
    """GET …/actions."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": Operation(
            operation_id="getActionKinds",
            summary="Where the actions are listed",
            scope=None,
            request=None,
            responses={200: Actions},
        )
    }

    def get(self) -> Actions:
        return Actions(standard=f"{DATA}/{self.version}/actions/standard")


class ActionsView(ConnectView):
    """GET …/actions/standard."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": Operation(
            operation_id="getActions",
            summary="The actions there are",
            scope=None,
            request=None,
            responses={200: ActionList},
        )
    }

    def get(self) -> ActionList:
        here = f"{DATA}/{self.version}/actions/standard"
        return ActionList(
            [ActionLink(_label(a), a.name, a.type, f"{here}/{a.name}") for a in ACTIONS]
        )


class ActionView(ConnectView):
    """Describes an action (GET) and runs it (POST)."""

    action: ClassVar[Action]

    def get(self) -> ActionDescription:
        action = self.action
        return ActionDescription(
            name=action.name,
            label=_label(action),
            type=action.type,
            category=CATEGORY,
            inputs=[_parameter(action, name=action.parameter, end="Input", required=True)],
            outputs=[_parameter(action, name="output", end="Output", required=False)],
        )

    def post(self) -> Answer:
        declared = self.operation.request
        assert declared is not None  # noqa: S101  # the POST of every action has one
        body: Any = self.read(declared)
        if not body.inputs or len(body.inputs) > MAX_INPUTS:
            message = f"'inputs' must hold 1 to {MAX_INPUTS} entries, not {len(body.inputs or ())}."
            raise InvalidRequest(message, parameter="inputs")
        return Answer([self._run(each) for each in body.inputs], HTTPStatus.OK)

    def _run(self, given: Any) -> Any:
        action, answer = self.action, result(self.action.subject, self.action.output)
        body = getattr(given, action.parameter)
        try:
            if body is None:
                message = f"The field '{action.parameter}' is missing."
                raise MissingParameter(message, parameter=action.parameter)
            output = action.run(self.call, body)
        except Refusal as refusal:
            error = ActionError(refusal.code, refusal.message)
            return answer(action.name, [error], False, None)
        return answer(action.name, None, True, {"output": output})


def _label(action: Action) -> str:
    return f"{CATEGORY} {action.label}"


def _parameter(action: Action, *, name: str, end: str, required: bool) -> Parameter:
    return Parameter(
        name=name,
        label=f"{_label(action)} {end}",
        apex_class=f"ConnectApi.{action.subject}{end}Representation",
        required=required,
    )


def action_view(action: Action) -> type[ActionView]:
    """Return the view of an action."""
    declared = {
        "GET": Operation(
            operation_id=f"describe{action.subject}",
            summary=f"Describe the action {action.label}",
            scope=None,
            request=None,
            responses={200: ActionDescription},
        ),
        "POST": Operation(
            operation_id=f"invoke{action.subject}",
            summary=f"Run the action {action.label}, once for each input",
            scope=action.scope,
            request=invocation(action.subject, parameter=action.parameter, body=action.body),
            responses={200: list[result(action.subject, action.output)]},  # type: ignore[dict-item,misc]
            errors=("InvalidRequest",),
        ),
    }
    return type(f"{action.subject}View", (ActionView,), {"action": action, "operations": declared})
