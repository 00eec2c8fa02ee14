"""What a start prints: addresses, credentials and three commands to paste."""

from typing import Any

TOKEN_PATH = "/dwsso/oauth2/access_token"  # noqa: S105 - an address
_UUID = "$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)"


def welcome(*, url: str, demo: dict[str, Any] | None) -> str:
    """Text for the operator; `demo` is what `load_demo` kept, or nothing."""
    lines = [
        "",
        f"Holdfast answers at {url}",
        f"  API documentation  {url}/api/docs/",
        f"  Admin              {url}/admin/",
    ]
    if demo is None:
        return "\n".join([*lines, ""])
    lines += [f"    user             {demo['admin_user']}"]
    if demo["admin_password"] is None:
        lines += ["    password         set earlier: `manage.py changepassword` gives a new one"]
    else:
        lines += [f"    password         {demo['admin_password']}"]
    lines += [
        "",
        f"API client of the demo organization {demo['organization']}",
        f"  client id          {demo['client_id']}",
        f"  client secret      {demo['client_secret']}",
        "",
        "Paste these: a token, the availability of an item, a reservation of one piece",
        *(line for command in commands(url=url, demo=demo) for line in ("", command)),
        "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join([*lines, ""])


def commands(*, url: str, demo: dict[str, Any]) -> tuple[str, str, str]:
    """The three curl commands: token, get-availability, reserve."""
    organization, group, sku = demo["organization"], demo["group"], demo["sku"]
    send = """-H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'"""
    token = (
        f"TOKEN=$(curl -s -u '{demo['client_id']}:{demo['client_secret']}'"
        f" -d grant_type=client_credentials {url}{TOKEN_PATH}"
        r""" | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')"""
    )
    availability = (
        f'curl -s {send} -d \'{{"skus":["{sku}"],"groups":["{group}"]}}\''
        f" {url}/inventory/availability/v1/organizations/{organization}"
        "/availability-records/actions/get-availability"
    )
    reserve = (
        f"curl -s -X PUT {send}"
        f' -d \'{{"groups":[{{"id":"{group}","reservations":[{{"sku":"{sku}","quantity":1}}]}}],'
        '"expirationSeconds":900}\''
        f" {url}/inventory/reservation/v1/organizations/{organization}"
        f'/reservation-documents/"{_UUID}"'
    )
    return token, availability, reserve
