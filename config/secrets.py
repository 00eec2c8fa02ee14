"""The secret key: given by the environment, or made once and kept in the state folder."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from config.env import env


def secret_key(state: Path) -> str:
    """`SECRET_KEY`, else the file of `SECRET_KEY_FILE`, else a generated one (mode 0600)."""
    given: str = env.str("SECRET_KEY", default="")
    if given:
        return given
    file = env.str("SECRET_KEY_FILE", default="")
    if file:
        return Path(file).read_text().strip()
    return kept(state / "secret_key")


def kept(path: Path) -> str:
    """Read a secret that is made at its first use; of two that make it at once, one wins."""
    with suppress(FileNotFoundError):
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(secrets.token_urlsafe(64) + "\n")
    try:
        os.link(aside, path)  # refuses to replace, and never shows half a file
    except FileExistsError:
        pass
    finally:
        aside.unlink()
    return path.read_text().strip()
