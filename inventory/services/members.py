"""Members of an organization: an administrator's business, never beyond the own organization."""

import re
import secrets
from dataclasses import dataclass
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from inventory.domain.roles import Role
from inventory.errors import EntityAlreadyExists, EntityNotFound, InvalidRequestParameter, Refusal
from inventory.models import Membership, Profile

_USERNAME = re.compile(r"[\w.@+-]{1,150}")


class MembershipRefused(Refusal):
    """An administrator asked for what lies beyond the organization, or would lock everybody out."""

    code = "MembershipRefused"


@dataclass(frozen=True, slots=True)
class Invited:
    """A new member; `password` is set when the user is new, and cannot be read again."""

    membership: Membership
    password: str | None


def add_member(
    *, organization_id: int, username: str, role: Role, asked_by: User | None
) -> Invited:
    """Make somebody a member, creating the user if there is none of that name.

    A user who exists already keeps the password, which others may know: an administrator adds only
    those of organizations they administer themselves, staff (None, or a superuser) adds anybody.
    InvalidRequestParameter, EntityAlreadyExists for one who is a member already, MembershipRefused.
    """
    if not _USERNAME.fullmatch(username):
        message = "'username' must be 1 to 150 of letters, digits and @ . + - _"
        raise InvalidRequestParameter(message, parameter="username")
    password = None
    try:
        with transaction.atomic():
            user = User.objects.filter(username=username).first()
            if user is None:
                password = secrets.token_urlsafe(12)
                user = User.objects.create_user(username, password=password)
            elif asked_by is not None and not _may_add(asked_by, user=user):
                message = f"There is a user {username} already; only staff can add them here."
                raise MembershipRefused(message)
            membership = Membership.objects.create(
                user=user, organization_id=organization_id, role=role.value
            )
    except IntegrityError as error:
        message = f"{username} is a member of this organization already."
        raise EntityAlreadyExists(message) from error
    return Invited(membership, password)


def change_role(*, membership_id: int, role: Role) -> None:
    """Give a member another role; MembershipRefused for the last administrator."""
    with transaction.atomic():
        membership = _locked(membership_id)
        if role is not Role.ADMINISTRATOR:
            _keep_an_administrator(membership)
        membership.role = role.value
        membership.save(update_fields=["role"])


def remove_member(*, membership_id: int) -> None:
    """Take a membership away; the user stays, for the ledger names them. MembershipRefused."""
    with transaction.atomic():
        membership = _locked(membership_id)
        _keep_an_administrator(membership)
        membership.delete()


def reset_password(*, membership_id: int) -> str:
    """Give a member a new password and return it.

    MembershipRefused for one who is a member elsewhere too, or staff-wide: an administrator's
    reach ends with the organization.
    """
    with transaction.atomic():
        user = _locked(membership_id).user
        if user.is_superuser or Membership.objects.filter(user=user).count() > 1:
            message = f"{user} does not belong to this organization alone; staff resets passwords."
            raise MembershipRefused(message)
        password = secrets.token_urlsafe(12)
        user.set_password(password)
        user.save(update_fields=["password"])
    return password


def set_time_zone(*, user_id: int, time_zone: str) -> None:
    """Keep the zone a user wants to read times in; InvalidRequestParameter for an unknown one."""
    if time_zone not in available_timezones():
        message = f"'{time_zone}' is not a time zone"
        raise InvalidRequestParameter(message, parameter="time_zone")
    Profile.objects.update_or_create(user_id=user_id, defaults={"time_zone": time_zone})


def _may_add(administrator: User, *, user: User) -> bool:
    if administrator.is_superuser:
        return True
    administered = Membership.objects.filter(
        user=administrator, role=Role.ADMINISTRATOR.value
    ).values("organization_id")
    return Membership.objects.filter(user=user, organization_id__in=administered).exists()


def _locked(membership_id: int) -> Membership:
    """Lock all members of the organization, so that two of them cannot remove each other at once.

    EntityNotFound when the membership is gone.
    """
    organization = Membership.objects.filter(pk=membership_id).values("organization_id")
    members = Membership.objects.filter(organization_id__in=organization).order_by("pk")
    for member in members.select_for_update(of=("self",)).select_related("user"):
        if member.pk == membership_id:
            return member
    raise EntityNotFound("This member is gone.")


def _keep_an_administrator(membership: Membership) -> None:
    if membership.role != Role.ADMINISTRATOR.value:
        return
    others = Membership.objects.filter(
        organization_id=membership.organization_id, role=membership.role
    ).exclude(pk=membership.pk)
    if not others.exists():
        message = "The last administrator of an organization stays one."
        raise MembershipRefused(message)
