"""The broker of a run without Redis: a folder of message files.

Kombu's `filesystem` transport, repaired where web, worker and commands share the folder: a message
or binding appears whole or not at all (kombu makes the file first and fills it later, and a reader
in between finds it empty); a message being read stays on the same file system, where a rename lets
exactly one reader have it; each connection makes sure of its bindings itself.
"""

import fcntl
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem, virtual
from kombu.utils.json import dumps, loads

_LONGEST_WAIT_SECONDS = 0.5


class Channel(filesystem.Channel):
    """A channel whose files are whole whenever they can be seen."""

    def __init__(self, connection: Any, **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        for folder in (self.data_folder_in, self.processed_folder, self.control_folder):
            Path(folder).mkdir(parents=True, exist_ok=True)

    def _put(  # type: ignore[override]  # the stubs of its two bases disagree
        self, queue: str, payload: dict[str, Any], **_: object
    ) -> None:
        folder = Path(self.data_folder_out)
        # The wall clock keeps the order over a restart of the machine; order is only a courtesy.
        name = f"{time.time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        try:
            _write_whole(folder / name, dumps(payload))
        except OSError as error:
            reason = f"Cannot add a message to {folder}: {error}"
            raise ChannelError(reason) from error

    def _get(self, queue: str, _timeout: float | None = None) -> dict[str, Any]:
        for name in sorted(path.name for path in Path(self.data_folder_in).iterdir()):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            mine = Path(self.processed_folder, name)
            try:
                Path(self.data_folder_in, name).rename(mine)
            except FileNotFoundError:  # another reader was faster
                continue
            text = mine.read_text()
            mine.unlink()
            message: dict[str, Any] = loads(text)
            return message
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        file = self._exchange_file(exchange)  # type: ignore[attr-defined]  # gap in the stubs
        binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with (self.control_folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            bindings = self.get_table(exchange)
            if binding not in bindings:
                _write_whole(file, dumps([binding, *bindings]))


class Transport(filesystem.Transport):
    """The `filesystem` transport on these channels."""

    Channel = Channel

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        # Kombu shares this memory of bindings in a process: a second thread then skips a binding
        # that the first has noted but not yet written, and its message goes nowhere.
        self.state = virtual.BrokerState()

    def drain_events(  # type: ignore[override]  # the stubs of its two bases disagree
        self, connection: Any, timeout: float | None = None
    ) -> None:
        """Wait for a message, but not so long that a worker asked to stop seems deaf."""
        wait = min(timeout or _LONGEST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
        super().drain_events(connection, timeout=wait)


def transport_options(folder: Path) -> dict[str, Any]:
    """`CELERY_BROKER_TRANSPORT_OPTIONS` for a broker in this folder."""
    return {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "taken"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.05,
    }


def _write_whole(path: Path, text: str) -> None:
    aside = path.with_name(f"{uuid.uuid4()}.new")
    aside.write_text(text)
    aside.replace(path)
