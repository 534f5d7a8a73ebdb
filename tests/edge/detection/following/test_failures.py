from edge.detection.following.failures import TOLD_S, SearchFailures


def test_failures_are_counted_and_told_while_they_go_on(caplog):
    now_s = 0.0
    failures = SearchFailures(clock=lambda: int(1e9 * now_s))
    assert failures.degraded() == ()
    for now_s in (1.0, 2.0, 3.0):
        failures.add(ValueError(f"at {now_s:.0f}"))
    assert failures.degraded() == ("the search for cards has failed 3 times: at 3",)
    assert len(caplog.records) == 1
    now_s += TOLD_S + 1
    assert failures.degraded() == ()
    failures.add(ValueError("again"))
    assert (failures.count, len(caplog.records)) == (4, 2)
