"""Logging in, and asking whether a token is good (spec: omnitron 2)."""

import zlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from integrations.accounts.selectors import user_named
from integrations.accounts.services import log_in
from integrations.oauth.buckets import Allowance
from integrations.oauth.ratelimit import buckets
from integrations.omnitron.api.base import OmnitronView, rendered

_SLOTS = 4096  # guessed names share their buckets: they cannot fill the memory


class Credentials(serializers.Serializer[Any]):
    """What a login is asked for with."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class LoginKey(serializers.Serializer[Any]):
    """The token, for `Authorization: Token <key>`."""

    key = serializers.CharField()


class ActiveUser(serializers.Serializer[Any]):
    """The user a token belongs to."""

    pk = serializers.IntegerField()
    username = serializers.CharField()
    is_active = serializers.BooleanField()


class LoginThrottle(BaseThrottle):
    """`settings.OMNITRON_LOGINS_PER_MINUTE` for each user and address; 0: no limit."""

    allowance: Allowance | None = None

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002  # DRF's signature
        """Whether one may try; counts the try."""
        limit = settings.OMNITRON_LOGINS_PER_MINUTE
        if limit < 1:
            return True
        named = request.data.get("username") if isinstance(request.data, dict) else None
        caller = f"{request.META.get('REMOTE_ADDR')} {named}".encode()
        key = ("omnitron-login", zlib.crc32(caller) % _SLOTS)
        self.allowance = buckets(settings.REDIS_URL).take(key, limit=limit)
        return self.allowance.is_allowed

    def wait(self) -> float | None:
        """Seconds until one may try again."""
        return None if self.allowance is None else self.allowance.retry_after


class LoginView(OmnitronView):
    """POST auth/login/."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (LoginThrottle,)

    @extend_schema(request=Credentials, responses=LoginKey, auth=[])
    def post(self, _request: Request) -> Response:
        """Log in; every login mints a token of its own."""
        credentials = self.read(Credentials)
        key = log_in(
            username=credentials["username"],
            password=credentials["password"],
            lifetime=timedelta(seconds=settings.OMNITRON_TOKEN_SECONDS),
            now=self.now,
        )
        return Response({"key": key})


class ActiveUserView(OmnitronView):
    """GET active_user/."""

    @extend_schema(responses=ActiveUser)
    def get(self, _request: Request) -> Response:
        """Tell whose token it is."""
        return Response(rendered(ActiveUser, user_named(self.caller.client_id)))
