"""How far a job is, how fast it goes, and how long it will take."""

from dataclasses import dataclass

_WHOLE = 100
_SOON_SECONDS = 2.0
"""A run that is younger tells nothing of its pace."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job: for how many seconds it has gone on, and what it has done in them.

    `done` of `total` is of the whole job, in bytes; `total` is 0 where it is not known.
    """

    seconds: float
    records: int
    bytes_done: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a job's progress; None where nothing is.

    `percent` is 100 of a completed job only. `rate` is in records a second, of the latest run.
    """

    percent: int | None
    rate: float | None
    seconds_left: int | None


def progress_of(run: Run | None, *, is_completed: bool, is_running: bool) -> Progress:
    """Tell how a job gets on; `run` is None before its first."""
    if run is None:
        return Progress(percent=None, rate=None, seconds_left=None)
    percent = None
    if is_completed:
        percent = _WHOLE
    elif run.total > 0:
        percent = min(run.done * _WHOLE // run.total, _WHOLE - 1)
    if run.seconds < (_SOON_SECONDS if is_running else 0.001):
        return Progress(percent=percent, rate=None, seconds_left=None)
    left = None
    if is_running and run.total > 0 and run.bytes_done > 0:
        left = max(0, -int(-(run.total - run.done) * run.seconds // run.bytes_done))
    rate = round(run.records / run.seconds, 1)
    return Progress(percent=percent, rate=rate, seconds_left=left)
