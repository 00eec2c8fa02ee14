"""The demo of a first start: a shop, a back-office user, an API client, and what they are called.

The passwords are made here and kept in the state folder, so that every start can print them.
"""

import json
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User

from config import demo
from integrations.oauth.models import ApiClient
from integrations.oauth.services import create_api_client

ADMIN = "admin"


def load_demo(state: Path, *, now: datetime) -> dict[str, Any]:
    """Make what is missing of the demo; return what it is called and how one gets in.

    Safe to repeat. A user `admin` with another password than the kept one keeps theirs, and
    `admin_password` is None. Several state folders on one database have a client each.
    """
    file = state / "demo.json"
    kept = _read(file)
    organization = demo.load_demo_organization(now=now)
    access = {
        "organization": organization.identifier,
        "group": demo.GROUP,
        "location": demo.LOCATION,
        "sku": demo.SKU,
        **_admin(kept),
        **_client(kept, organization.identifier),
    }
    if access != kept:
        _write(file, access)
    return access


def _admin(kept: dict[str, Any]) -> dict[str, Any]:
    password = kept.get("admin_password")
    user = User.objects.filter(username=ADMIN).first()
    if user is None:
        password = password or secrets.token_urlsafe(12)
        User.objects.create_superuser(ADMIN, password=password)
    elif password is not None and not check_password(password, user.password):
        password = None
    return {"admin_user": ADMIN, "admin_password": password}


def _client(kept: dict[str, Any], organization: str) -> dict[str, Any]:
    """Return the kept client if it still works, else a new one: a secret cannot be read again."""
    client_id, secret = kept.get("client_id"), kept.get("client_secret")
    ours = ApiClient.objects.filter(organization__identifier=organization, is_active=True)
    client = ours.filter(client_id=client_id).first()
    if secret and client is not None and check_password(secret, client.client_secret):
        return {"client_id": client_id, "client_secret": secret}
    issued = create_api_client(organization=organization, name="demo")
    return {"client_id": issued.client.client_id, "client_secret": issued.secret}


def _read(file: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return kept


def _write(file: Path, access: dict[str, Any]) -> None:
    """Write the whole file or nothing, readable by its owner only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".new")
    aside.unlink(missing_ok=True)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        json.dump(access, stream, indent=2)
        stream.write("\n")
    aside.replace(file)
