"""Who calls: `Authorization: Token <key>` (spec: omnitron 2)."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from integrations.accounts import selectors
from integrations.oauth.grants import Access, Principal, TokenCheck

check_token = TokenCheck(selectors.get_grant)

_KEYWORD_AND_TOKEN = 2


class InvalidToken(AuthenticationFailed):
    """401: malformed, unknown, expired and revoked are told apart to nobody."""

    default_code = "invalid_token"
    default_detail = "Invalid token."


class TokenAuthentication(BaseAuthentication):
    """Sets `request.user` and `request.auth` (an `Access` of the user's organization)."""

    def authenticate(self, request: Request) -> tuple[Principal, Access] | None:
        """Find the caller; None when there is no header at all, for permissions to refuse."""
        header: str | None = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        parts = header.split()
        if len(parts) != _KEYWORD_AND_TOKEN or parts[0].lower() != "token" or not header.isascii():
            raise InvalidToken
        grant = check_token(parts[1])
        if grant is None:
            raise InvalidToken
        return grant.principal, grant.access

    def authenticate_header(self, request: Any) -> str:  # noqa: ARG002  # DRF's signature
        """The challenge of a 401: without one, DRF would answer 403, which no client retries."""
        return "Token"
