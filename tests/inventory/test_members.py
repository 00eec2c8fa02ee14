"""Members: an administrator's reach ends with the organization."""

from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from inventory.domain.roles import POWERS, Power, Role
from inventory.errors import EntityAlreadyExists, InvalidRequestParameter
from inventory.models import Membership, Organization
from inventory.services.members import (
    MembershipRefused,
    add_member,
    change_role,
    remove_member,
    reset_password,
    set_time_zone,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/inventory/membership/"


@pytest.fixture
def shop() -> Organization:
    return Organization.objects.create(identifier="shop")


@pytest.fixture
def other() -> Organization:
    return Organization.objects.create(identifier="other")


@pytest.fixture
def boss(shop: Organization) -> Membership:
    return join(shop, "boss", Role.ADMINISTRATOR)


def join(organization: Organization, username: str, role: Role) -> Membership:
    return add_member(
        organization_id=organization.pk, username=username, role=role, asked_by=None
    ).membership


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def test_each_role_may_do_what_the_one_before_may() -> None:
    powers = [POWERS[role] for role in Role]

    assert all(before < after for before, after in pairwise(powers))
    assert POWERS[Role.VIEWER] == {Power.SEE}
    assert POWERS[Role.ADMINISTRATOR] == set(Power)


def test_a_new_member_gets_a_user_without_staff_wide_rights(
    shop: Organization, boss: Membership
) -> None:
    form = {"username": "new", "role": "operator", "is_superuser": "on", "is_staff": "on"}

    answer = signed_in(boss).post(f"{LIST}add/", form, follow=True)

    user = User.objects.get(username="new")
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert user.memberships.get().role == "operator"
    password = answer.content.decode().split("has the password ")[1].split(" ")[0]
    assert user.check_password(password)
    assert Client().login(username="new", password=password)


def test_an_existing_user_of_elsewhere_is_added_by_staff_only(
    shop: Organization, other: Organization, boss: Membership
) -> None:
    join(other, "elsewhere", Role.VIEWER)
    new: dict[str, Any] = {
        "organization_id": shop.pk,
        "username": "elsewhere",
        "role": Role.VIEWER,
    }

    with pytest.raises(MembershipRefused):
        add_member(**new, asked_by=boss.user)
    assert not Membership.objects.filter(user__username="elsewhere", organization=shop).exists()

    Membership.objects.create(user=boss.user, organization=other, role=Role.ADMINISTRATOR)
    assert add_member(**new, asked_by=boss.user).password is None


def test_a_member_is_added_once(shop: Organization, boss: Membership) -> None:
    with pytest.raises(EntityAlreadyExists):
        join(shop, "boss", Role.VIEWER)

    assert Membership.objects.get(user=boss.user).role == Role.ADMINISTRATOR


def test_a_name_must_be_one(shop: Organization) -> None:
    with pytest.raises(InvalidRequestParameter) as refused:
        join(shop, "no spaces", Role.VIEWER)

    assert refused.value.parameter == "username"
    assert not User.objects.exists()


def test_the_last_administrator_stays(shop: Organization, boss: Membership) -> None:
    with pytest.raises(MembershipRefused):
        change_role(membership_id=boss.pk, role=Role.VIEWER)
    with pytest.raises(MembershipRefused):
        remove_member(membership_id=boss.pk)
    assert Membership.objects.get().role == Role.ADMINISTRATOR

    join(shop, "second", Role.ADMINISTRATOR)
    change_role(membership_id=boss.pk, role=Role.VIEWER)
    assert Membership.objects.get(pk=boss.pk).role == Role.VIEWER


def test_a_refusal_is_told_on_the_page(shop: Organization, boss: Membership) -> None:
    answer = signed_in(boss).post(f"{LIST}{boss.pk}/change/", {"role": "viewer"}, follow=True)

    assert "The last administrator of an organization stays one." in answer.content.decode()


def test_passwords_are_reset_only_of_members_of_this_organization_alone(
    shop: Organization, other: Organization
) -> None:
    own = join(shop, "own", Role.VIEWER)
    both = join(shop, "both", Role.VIEWER)
    join(other, "both", Role.VIEWER)
    staff = join(shop, "staff", Role.VIEWER)
    User.objects.filter(username="staff").update(is_superuser=True)

    password = reset_password(membership_id=own.pk)

    assert User.objects.get(username="own").check_password(password)
    for membership in (both, staff):
        with pytest.raises(MembershipRefused):
            reset_password(membership_id=membership.pk)


def test_a_members_times_are_in_their_zone(shop: Organization, boss: Membership) -> None:
    set_time_zone(user_id=boss.user.pk, time_zone="Asia/Tokyo")
    Membership.objects.filter(pk=boss.pk).update(created_at="2026-03-01T20:00:00Z")

    told = signed_in(boss).get(LIST).content.decode()

    assert "March 2, 2026, 5 a.m." in told
    with pytest.raises(InvalidRequestParameter):
        set_time_zone(user_id=boss.user.pk, time_zone="Mars/Olympus")


def test_a_member_is_made_by_a_command(shop: Organization, capsys: Any) -> None:
    who = ("--organization", "shop", "--username", "ann", "--role", "operator")
    call_command("create_member", *who)

    password = capsys.readouterr().out.split("password: ")[1].strip()
    assert User.objects.get(username="ann").check_password(password)
    with pytest.raises(CommandError, match="already"):
        call_command("create_member", *who)


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/admin/login/", "script-src 'self' 'unsafe-eval'"),
        ("/api/docs/", "script-src 'self';"),
        ("/livez", "default-src 'none'; form-action 'none'"),
        ("/nowhere", "default-src 'none'; form-action 'none'"),
    ],
)
def test_every_answer_says_what_may_be_loaded(client: Client, path: str, policy: str) -> None:
    told = client.get(path)["Content-Security-Policy"]

    assert policy in told
    assert "script-src 'unsafe-inline'" not in told
    assert "frame-ancestors 'none'" in told
