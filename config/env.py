"""The one reader of the environment. Every variable of the README's table is read here."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()


def state_dir() -> Path:
    """Folder of everything a run leaves behind: database, broker, secrets (`HOLDFAST_STATE`)."""
    return Path(env.str("HOLDFAST_STATE", default=str(BASE_DIR / ".holdfast"))).resolve()
