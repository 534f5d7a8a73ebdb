from training.progress import Progress


def test_what_is_said_and_when():
    now, said = [0.0], []
    progress = Progress(100, "crops", clock=lambda: now[0], say=said.append)
    for seconds, count in ((0.5, 1), (2.0, 1), (11.9, 20), (12.0, 26), (13.0, 1)):
        now[0] = seconds
        progress.add(count, ", all well")
    assert said == [
        "2 of 100 crops, all well, 1.0 a second, 1:38 left\n",
        "48 of 100 crops, all well, 4.0 a second, 0:13 left\n",
    ]


def test_while_nothing_is_done_nothing_is_said():
    now, said = [0.0], []
    progress = Progress(100, "crops", clock=lambda: now[0], say=said.append)
    now[0] = 5.0
    progress.add(0)
    assert said == []
