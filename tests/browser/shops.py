"""Organizations of their own, for tests that change what all pages of an organization show."""

import json

from tests.browser.desk import Site

_BEGIN = """
import json
from django.utils import timezone
from inventory.domain.roles import Role
from inventory.models import Organization
from inventory.services.members import add_member
from tests.builders import Shop

organization, _ = Organization.objects.get_or_create(identifier={name!r})
shop = Shop(organization, {groups!r}, now=timezone.now())
"""
_MEMBERS = """
shop.regroup(**shop.groups)
print(json.dumps({
    f"{shop.organization.identifier}-{role.value}": add_member(
        organization_id=shop.id, asked_by=None, role=role,
        username=f"{shop.organization.identifier}-{role.value}",
    ).password
    for role in Role
}))
"""


def open_shop(site: Site, name: str, *, groups: dict[str, list[str]]) -> None:
    """Make an organization with these groups, and a member `{name}-{role}` of each role."""
    made = site.manage("shell", "--no-imports", "-c", _script(name, groups, _MEMBERS))
    site.passwords.update(json.loads(made))


def at_shop(site: Site, name: str, code: str, *, groups: dict[str, list[str]]) -> None:
    """Run code with the builders' `shop`: `shop.stock(l1=5)`."""
    site.manage("shell", "--no-imports", "-c", _script(name, groups, code))


def _script(name: str, groups: dict[str, list[str]], code: str) -> str:
    return _BEGIN.format(name=name, groups=groups) + code
