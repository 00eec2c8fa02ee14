"""The base of every view of the Connect face: whom it lets in, how it reads and answers."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import NotAcceptable

from integrations.connect.api.encoding import encode, wants_entities
from integrations.connect.errors import JsonParserError
from inventory.api.base import Answer, Caller, OrganizationView
from inventory.errors import InvalidRequest, InvalidRequestParameter, MissingParameter
from inventory.origin import Origin

if TYPE_CHECKING:
    import msgspec


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and when: what a resource needs besides its body, also as a Flow action."""

    organization_id: int
    origin: Origin
    now: datetime


class ConnectView(OrganizationView):
    """A view of the data of the token's own organization: the address names none.

    A POST answers 201 unless the handler says otherwise, also when records failed.
    """

    version: str

    @property
    def call(self) -> Call:
        """Return who calls, and when."""
        return Call(self.organization_id, self.origin, self.now)

    def check_tenant(self, caller: Caller, address: dict[str, Any]) -> None:  # noqa: ARG002
        """Take the version out of the address; refuse a client that reads only XML."""
        self.version = address.pop("version")
        refuse_xml(self.request.META.get("HTTP_ACCEPT", ""))

    def decode(self, body: bytes, *, decoder: "msgspec.json.Decoder[Any]") -> Any:
        """Return the decoded body; what is no JSON or of a wrong type is JsonParserError."""
        try:
            return super().decode(body, decoder=decoder)
        except (InvalidRequest, InvalidRequestParameter, MissingParameter) as refusal:
            raise JsonParserError(refusal.message, parameter=refusal.parameter) from refusal

    def respond(self, answer: object) -> HttpResponseBase:
        """Write what a handler returned."""
        if isinstance(answer, HttpResponseBase):
            return answer
        if not isinstance(answer, Answer):
            is_post = self.request.method == "POST"
            answer = Answer(answer, HTTPStatus.CREATED if is_post else HTTPStatus.OK)
        body = encode(answer.body, entities=wants_entities(self.request._request))  # noqa: SLF001
        return HttpResponse(
            body, status=answer.status, headers=answer.headers, content_type="application/json"
        )


def refuse_xml(accept: str) -> None:
    """Raise NotAcceptable when a client takes XML and nothing else: there is only JSON."""
    types = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    if all(each.endswith(("/xml", "+xml")) for each in types):
        raise NotAcceptable
