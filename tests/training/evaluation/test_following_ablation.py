import numpy as np

from edge.detection import SensorBoxes, WholeFrame
from training.cli import main
from training.evaluation.choices import changed, current
from training.evaluation.following_ablation import FollowingAblation, LateExecutor, bench_frames
from training.evaluation.following_choices import EXECUTOR, following_choices, sensor_choices


def test_every_choice_of_following_is_one():
    for choice in (*following_choices(), *sensor_choices()):
        for change in choice.changes.values():
            before = {place: current(place) for place in change}
            with changed(change):
                assert all(current(place) is not value for place, value in before.items()), choice.name
    assert callable(current(EXECUTOR))


def test_a_search_is_done_when_it_was_asked_for_twice():
    result = LateExecutor(max_workers=1, thread_name_prefix="search").submit(max, 1, 2)
    assert [result.done(), result.done()] == [False, True]
    assert (result.exception(), result.result()) == (None, 2)


def test_frames_have_the_boxes_of_what_is_seen():
    *_, (frame, scene) = bench_frames(40)
    assert len(frame.boxes) >= len(scene.asked_for) >= 1
    low, high = scene.asked_for[0].min(axis=0), scene.asked_for[0].max(axis=0)
    nearest = np.abs(frame.boxes - np.concatenate([low, high])).max(axis=1).min()
    assert 0 < nearest <= 0.03 * 1.5 * (high - low).max()


def test_all_follow_the_same_frames():
    support = [choice for choice in following_choices() if choice.name == "known.FOLLOW_SUPPORT"]
    ablations = [FollowingAblation(support, WholeFrame), FollowingAblation(support, SensorBoxes)]
    for frame, scene in bench_frames(6):
        for ablation in ablations:
            ablation.look(frame, scene)
    for ablation in ablations:
        as_it_is, others = ablation.outcome
        assert as_it_is.asked_for == 6
        assert as_it_is.found >= 3
        assert others["known.FOLLOW_SUPPORT", "double"].found == 0  # more support than there is


def test_the_command_follows_alone_where_no_choice_of_pictures_is_asked_for(capsys):
    assert main(["ablate", "detection", "--frames", "2", "--only", "MIN_RESPONSE"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 frames, in which 2 times a card is seen: 0 times shown, 0 false outlines")
    assert "| known.MIN_RESPONSE | 0.1 | = | = | = |" in printed
