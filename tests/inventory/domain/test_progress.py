"""How far, how fast, how long."""

import pytest

from inventory.domain.progress import Progress, Run, progress_of


def run(seconds: float = 10, *, read: int = 100, done: int = 250, total: int = 1000) -> Run:
    return Run(seconds=seconds, records=read, bytes_done=done, done=done, total=total)


def running(of: Run | None) -> Progress:
    return progress_of(of, is_completed=False, is_running=True)


def test_before_its_first_run_nothing_is_known() -> None:
    assert running(None) == Progress(percent=None, rate=None, seconds_left=None)


def test_a_run_tells_its_pace_and_what_is_left() -> None:
    assert running(run()) == Progress(percent=25, rate=10.0, seconds_left=30)


def test_after_a_resumption_the_pace_is_that_of_the_latest_run() -> None:
    resumed = Run(seconds=10, records=50, bytes_done=100, done=600, total=1000)

    assert running(resumed) == Progress(percent=60, rate=5.0, seconds_left=40)


@pytest.mark.parametrize("seconds", [0, 1.9])
def test_a_young_run_tells_no_pace(seconds: float) -> None:
    assert running(run(seconds)) == Progress(percent=25, rate=None, seconds_left=None)


def test_without_a_total_there_is_a_pace_and_no_end() -> None:
    assert running(run(total=0, done=0)) == Progress(percent=None, rate=10.0, seconds_left=None)


def test_only_what_is_completed_is_whole() -> None:
    whole = run(done=1000)

    assert running(whole) == Progress(percent=99, rate=10.0, seconds_left=0)
    assert progress_of(whole, is_completed=True, is_running=False).percent == 100
    assert progress_of(run(total=0), is_completed=True, is_running=False).percent == 100


def test_a_stopped_job_keeps_how_far_it_was() -> None:
    stopped = progress_of(run(), is_completed=False, is_running=False)

    assert stopped == Progress(percent=25, rate=10.0, seconds_left=None)
