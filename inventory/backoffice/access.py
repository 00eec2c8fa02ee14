"""Who a request of the back office speaks for: the one place that decides what can be seen.

Every page works in one organization, the one chosen in the header. Lists, exports, autocompletes
and typed addresses are all narrowed to it by `OrganizationAdmin.get_queryset` and `Page`, which
ask here.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest

from inventory.domain.roles import POWERS, Power, Role
from inventory.models import Organization
from inventory.origin import Origin
from inventory.selectors.members import first_organization, memberships_of

SESSION_KEY = "organization"


@dataclass(frozen=True, slots=True)
class Access:
    """The organization a user works in now, and what they may do there.

    `organization` is None where there is none to work in. `can_choose` tells whether the user has
    others. A staff-wide user (a superuser) has every power and no role.
    """

    organization: Organization | None
    role: Role | None
    is_staff_wide: bool
    can_choose: bool
    powers: frozenset[Power]

    def may(self, power: Power) -> bool:
        return power in self.powers


_NOBODY = Access(None, None, is_staff_wide=False, can_choose=False, powers=frozenset())


def access_of(request: HttpRequest) -> Access:
    """Return what the user of a request may do; computed once for each request."""
    access: Access | None = getattr(request, "_backoffice_access", None)
    if access is None:
        access = _access(request)
        request._backoffice_access = access  # type: ignore[attr-defined]  # noqa: SLF001
    return access


def organization_of(request: HttpRequest) -> Organization:
    """Return the chosen organization, for views that a permission check let through."""
    organization = access_of(request).organization
    if organization is None:
        message = "a page without an organization was let through"
        raise LookupError(message)
    return organization


def user_of(request: HttpRequest) -> User:
    """Return the signed-in user of a view that a permission check let through."""
    user = request.user
    if not isinstance(user, User):
        message = "a page without a user was let through"
        raise TypeError(message)
    return user


def origin_of(request: HttpRequest) -> Origin:
    """Return who asks, for the ledger."""
    return Origin(f"user:{user_of(request).get_username()}", getattr(request, "correlation_id", ""))


def is_member(user: User) -> bool:
    """Tell whether a user has anything to do here."""
    return user.is_active and (user.is_superuser or bool(memberships_of(user.pk)))


def _access(request: HttpRequest) -> Access:
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return _NOBODY
    chosen = request.session.get(SESSION_KEY)
    if user.is_superuser:
        return _staff_wide(chosen)
    memberships = memberships_of(user.pk)
    if not memberships:
        return _NOBODY
    membership = next((m for m in memberships if m.organization_id == chosen), memberships[0])
    role = Role(membership.role)
    return Access(
        membership.organization,
        role,
        is_staff_wide=False,
        can_choose=len(memberships) > 1,
        powers=POWERS[role],
    )


def _staff_wide(chosen: int | None) -> Access:
    organization = None
    if chosen is not None:
        organization = Organization.objects.filter(pk=chosen).first()
    return Access(
        organization or first_organization(),
        None,
        is_staff_wide=True,
        can_choose=True,
        powers=frozenset(Power),
    )
