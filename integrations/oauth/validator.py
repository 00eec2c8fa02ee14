"""The client-credentials grant: who gets a token, with which scopes."""

import logging
from typing import Any, ClassVar

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors

from integrations.oauth import scopes
from integrations.oauth.models import ApiClient

# oauthlib writes every issued token in plain text at DEBUG, whatever the toolkit stores.
logging.getLogger("oauthlib").setLevel(logging.INFO)

_CLIENT_ID_LENGTH = 255


class ClientCredentialsValidator(OAuth2Validator):
    """The toolkit's validator with the rules of an `ApiClient`."""

    _ignored: ClassVar[list[str]] = []

    def _extract_basic_auth(self, request: Request) -> str | None:
        # The toolkit wants "Basic" exactly so; schemes are case-insensitive (RFC 9110, 11.1).
        scheme, _, credentials = request.headers.get("HTTP_AUTHORIZATION", "").partition(" ")
        return credentials.strip() if scheme.lower() == "basic" else None

    def _load_application(self, client_id: str | None, request: Request) -> ApiClient | None:
        # What no column can hold names nobody; asking the database would be an error.
        if not client_id or "\0" in client_id or len(client_id) > _CLIENT_ID_LENGTH:
            return None
        client: ApiClient | None = super()._load_application(client_id, request)
        return client

    def _check_and_set_request_resource(self, request: Request) -> None:
        # We are the only resource: the parameter is ignored like any other unknown one.
        request.resource = self._ignored

    def get_default_scopes(
        self, _client_id: str, request: Request, *_args: Any, **_kwargs: Any
    ) -> list[str]:
        """Whoever asks for nothing in particular gets all the client may have."""
        client: ApiClient = request.client
        return client.scopes

    def validate_scopes(
        self,
        _client_id: str,
        asked: list[str],
        client: ApiClient,
        request: Request,
        *_args: Any,
        **_kwargs: Any,
    ) -> bool:
        """Grant what is asked, each once and spelt as asked, or refuse by naming the first."""
        granted = list(dict.fromkeys(filter(None, asked))) or client.scopes
        refused = scopes.first_refused(
            granted, allowed=client.scopes, tenant_alias=client.organization.tenant_alias
        )
        if refused is not None:
            message = f"The client may not have the scope {_printable(refused)}."
            raise errors.InvalidScopeError(description=message, request=request)
        request.scopes = granted
        return True

    def _save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        # A rotation or revocation that ran since the secret was checked has dropped the tokens it
        # found; without this look, under the lock it takes too, this one would outlive it.
        client = ApiClient.objects.select_for_update(no_key=True).get(pk=request.client.pk)
        if not client.is_active or client.client_secret != request.client.client_secret:
            raise errors.InvalidClientError(request=request)
        super()._save_bearer_token(token, request, *args, **kwargs)


def _printable(scope: str) -> str:
    """A scope as an error description may hold it (RFC 6749, 5.2: ASCII, no quotes)."""
    return "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "?" for c in scope)[
        :200
    ]
