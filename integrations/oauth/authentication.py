"""Who calls: the bearer token of an API request."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from integrations.oauth import selectors
from integrations.oauth.grants import Access, Principal, TokenCheck

check_token = TokenCheck(selectors.get_grant)

_BEARER_AND_TOKEN = 2


class InvalidToken(AuthenticationFailed):
    """401: unknown, expired and revoked are told apart to nobody."""

    default_code = "invalid_token"
    default_detail = "The access token is missing, malformed, unknown, expired or revoked."


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; sets `request.user` and `request.auth` (an `Access`)."""

    def authenticate(self, request: Request) -> tuple[Principal, Access] | None:
        """Find the caller; None when there is no header at all, for permissions to refuse."""
        header: str | None = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        parts = header.split()
        if len(parts) != _BEARER_AND_TOKEN or parts[0].lower() != "bearer" or not header.isascii():
            raise InvalidToken
        grant = check_token(parts[1])
        if grant is None:
            raise InvalidToken
        return grant.principal, grant.access

    def authenticate_header(self, request: Any) -> str:
        """The challenge of a 401. Without a token there is no error to name (RFC 6750, 3.1)."""
        if "HTTP_AUTHORIZATION" in request.META:
            return 'Bearer realm="holdfast", error="invalid_token"'
        return 'Bearer realm="holdfast"'
