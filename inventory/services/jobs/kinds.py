"""Which kinds of jobs there are. Apps register theirs when they are ready."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.services.jobs.running import JobRun


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. `run` does the work and is safe to begin again wherever it was cut off.

    An import (`takes_file`) waits for an upload and reports the records it refused in its result
    file; everything else is an export. `prefix` stands before the ids clients see.
    """

    name: str
    run: "Callable[[JobRun], None]"
    takes_file: bool = False
    prefix: str = ""


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known; called from `AppConfig.ready`. Two kinds may not share a name."""
    known = _KINDS.setdefault(kind.name, kind)
    if known != kind:
        message = f"there are two kinds of jobs called {kind.name}"
        raise ValueError(message)


def kind_named(name: str) -> Kind:
    """Return a kind; KeyError when no app has registered it."""
    return _KINDS[name]
