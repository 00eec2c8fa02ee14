"""The org's token endpoint: client credentials and JWT bearer, answered as an org answers.

The toolkit does the work; this adds a grant, the scope `api`, and what an answer says besides.
"""

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request
from oauthlib.oauth2 import BackendApplicationServer
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

from integrations.connect.assertions import LOGIN_HOSTS
from integrations.connect.errors import InvalidAssertion
from integrations.connect.services.access import redeem_assertion
from integrations.oauth.models import ApiClient
from integrations.oauth.validator import ClientCredentialsValidator
from integrations.oauth.views import TokenView

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EVERYTHING = "api"
_BAD_REQUEST, _UNAUTHORIZED = 400, 401


class OrgValidator(ClientCredentialsValidator):
    """Knows the scope `api`: all that the client is registered for."""

    def validate_scopes(
        self,
        _client_id: str,
        asked: list[str],
        client: ApiClient,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Grant what is asked, `api` as everything."""
        if EVERYTHING in asked:
            rest = [scope for scope in asked if scope != EVERYTHING]
            asked = [*client.scopes, *rest]
        user = request.user.username if request.grant_type == JWT_BEARER else client.client_id
        request.extra_credentials = {"id": f"/id/{client.organization.identifier}/{user}"}
        return super().validate_scopes(_client_id, asked, client, request, *args, **kwargs)


class JwtBearerGrant(GrantTypeBase):
    """A token for a client that signs who it is (RFC 7523) instead of showing a secret."""

    def create_token_response(
        self, request: Request, token_handler: Any
    ) -> tuple[dict[str, str], str, int]:
        """Return headers, body and status."""
        headers: dict[str, str] = self._get_default_headers()
        try:
            self._redeem(request)
            self.validate_scopes(request)
        except errors.OAuth2Error as error:
            headers.update(error.headers)
            return headers, error.json, error.status_code
        token = token_handler.create_token(request, refresh_token=False)
        request.user = None  # the toolkit's column is for people of the back office
        self.request_validator.save_token(token, request)
        return headers, json.dumps(token), 200

    def _redeem(self, request: Request) -> None:
        assertion = getattr(request, "assertion", None)
        if not assertion:
            raise errors.InvalidRequestError("The parameter assertion is missing.", request=request)
        here = settings.PUBLIC_URL
        try:
            vouched = redeem_assertion(
                assertion=assertion,
                audiences=[here, f"{here}/services/oauth2/token", *LOGIN_HOSTS],
                now=timezone.now(),
            )
        except InvalidAssertion as refusal:
            raise errors.InvalidGrantError(refusal.message, request=request) from refusal
        request.client, request.client_id = vouched.client, vouched.client.client_id
        request.user = vouched.user


class OrgServer(BackendApplicationServer):
    """Knows the grants of an org's token endpoint."""

    def __init__(self, request_validator: OrgValidator, **options: Any) -> None:
        super().__init__(request_validator, **options)
        self.grant_types[JWT_BEARER] = JwtBearerGrant(request_validator)


@cache
def _core() -> Any:
    server = OrgServer(OrgValidator(), **oauth2_settings.server_kwargs)
    return oauth2_settings.OAUTH2_BACKEND_CLASS(server)


class OrgTokenView(TokenView):
    """POST /services/oauth2/token; every refusal of a grant is a 400, as with Salesforce."""

    @classmethod
    def get_oauthlib_core(cls) -> Any:
        """Return the grants of this address; the toolkit would share those of the base class."""
        return _core()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Issue a token, and say where it is good."""
        answer = super().post(request)
        body = json.loads(answer.content)
        if answer.status_code == _UNAUTHORIZED:
            answer.status_code = _BAD_REQUEST
            del answer["WWW-Authenticate"]
        told = _explained(body) if "error" in body else _told(body, request)
        answer.content = json.dumps(told).encode()
        return answer


_EXPLANATIONS = {
    "invalid_client": "The client id or the secret is wrong.",
    "unsupported_grant_type": "The grant type is not supported.",
}


def _explained(refusal: dict[str, Any]) -> dict[str, Any]:
    """Say in words what the toolkit leaves to the code; clients show the words."""
    error = refusal["error"]
    return {"error": error, "error_description": _EXPLANATIONS.get(error, error), **refusal}


def _told(token: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    here = request.build_absolute_uri("/").rstrip("/")
    issued_at = str(int(timezone.now().timestamp() * 1000))
    return {**token, "instance_url": here, "id": here + token["id"], "issued_at": issued_at}
