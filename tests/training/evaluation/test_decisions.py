from training.evaluation.decisions import Decision, decisions_to_markdown


def test_frames_are_counted_and_those_within_the_aim_are_told():
    made = [Decision(frames=2, right=True), Decision(frames=2, right=True), Decision(frames=9, right=False)]
    assert decisions_to_markdown(made).splitlines()[2:] == [
        "| 2 | 2 |",
        "| 9 | 1 |",
        "",
        "Within 4: 2 of 3; rightly: 2 of 3.",
    ]
