"""Making and revoking integration users; logging in; dropping tokens that are over."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from integrations.accounts.errors import (
    BadCredentials,
    InvalidUsername,
    UnknownIntegrationUser,
    UsernameTaken,
)
from integrations.accounts.models import IntegrationToken, IntegrationUser
from integrations.oauth.grants import token_checksum
from inventory.selectors.organizations import organization_named
from inventory.services.retention import drop

_HASHER = "pbkdf2_sha256_generated"  # few iterations: nobody chooses a password, see the hasher
_PASSWORD_BYTES = 48
_TOKEN_BYTES = 20
_USERNAME_LENGTH = 150


@dataclass(frozen=True, slots=True)
class IssuedUser:
    """A user with its password and a first token, neither of which can be had again."""

    user: IntegrationUser
    password: str
    token: str


def create_integration_user(*, organization: str, username: str, now: datetime) -> IssuedUser:
    """Make a user of the organization with this id; its token lives until the user is revoked.

    Raises EntityNotFound (organization), InvalidUsername, UsernameTaken.
    """
    if not 0 < len(username) <= _USERNAME_LENGTH or not username.isprintable() or " " in username:
        raise InvalidUsername
    owner = organization_named(organization)
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    try:
        with transaction.atomic():  # not durable: the admin saves its forms inside a transaction
            user = IntegrationUser.objects.create(
                organization=owner,
                username=username,
                password=make_password(password, hasher=_HASHER),
                created_date=now,
            )
            token = _mint(user, expires=None, now=now)
    except IntegrityError as error:
        raise UsernameTaken(username) from error
    return IssuedUser(user, password, token)


def revoke_integration_user(*, username: str) -> IntegrationUser:
    """Shut the user out for good, its tokens within seconds. Repeating is harmless."""
    with transaction.atomic(durable=True):
        user = (
            IntegrationUser.objects.select_for_update(no_key=True, of=("self",))
            .select_related("organization")
            .filter(username=username)
            .first()
        )
        if user is None:
            raise UnknownIntegrationUser(username)
        user.is_active = False
        user.save(update_fields=["is_active"])
        IntegrationToken.objects.filter(user=user).delete()
    return user


def log_in(*, username: str, password: str, lifetime: timedelta, now: datetime) -> str:
    """Return a new token that lives so long; earlier ones stay good. Raises BadCredentials."""
    with transaction.atomic(durable=True):
        # Held until the end: a revocation either finds this token or is seen here.
        user = (
            IntegrationUser.objects.select_for_update(no_key=True)
            .filter(username=username, is_active=True)
            .first()
        )
        if user is None:
            make_password(password, hasher=_HASHER)  # an unknown name takes as long as a known one
            raise BadCredentials
        if not check_password(password, user.password):
            raise BadCredentials
        return _mint(user, expires=now + lifetime, now=now)


def drop_expired_tokens(*, now: datetime) -> int:
    """Delete tokens that were over at `now`, in batches; how many. Safe to run twice at once."""
    return drop(IntegrationToken.objects.filter(expires__lte=now).order_by("pk"))


def _mint(user: IntegrationUser, *, expires: datetime | None, now: datetime) -> str:
    token = secrets.token_hex(_TOKEN_BYTES)
    IntegrationToken.objects.create(
        user=user, checksum=token_checksum(token), expires=expires, created_date=now
    )
    return token
