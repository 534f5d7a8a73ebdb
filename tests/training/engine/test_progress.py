import pytest

from training.engine.progress import Pace, Progress, ProgressBar


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("training.engine.progress.time.monotonic", lambda: now[0])
    return now


def test_time_counts_on_from_earlier_processes(clock):
    progress = Progress(earlier_s=50.0, started=clock[0])
    clock[0] += 10
    assert progress.elapsed_s == 60
    assert progress.figures(0.25) == {"elapsed_s": 60, "eta_s": 180}
    assert progress.figures(0.0)["eta_s"] is None


def test_losses_are_means_over_the_steps(clock):
    pace = Pace(started=clock[0])
    pace.add({"b": 1.0, "a": 4.0})
    pace.add({"b": 3.0, "a": 2.0})
    names, means = pace.losses()
    assert (names, means.tolist()) == (["a", "b"], [3.0, 2.0])


def test_pauses_are_no_part_of_the_speed_and_waiting_is(clock):
    pace = Pace(started=clock[0], images=90)
    with pace.waiting():
        clock[0] += 3
    with pace.pause():
        clock[0] += 100
    clock[0] += 6
    assert pace.figures() == {"images_per_s": 10.0, "waiting": 0.333}


def test_the_bar_shows_nothing_where_it_is_not_asked_for(capfd):
    with ProgressBar(shown=False) as bar:
        bar.show(0.5, 10)
    assert capfd.readouterr().err == ""
