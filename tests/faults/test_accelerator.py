"""The accelerator raises, hangs, vanishes and returns: the real adapter over the generated stand-in."""

import time

import pytest

from tests.faults.conftest import accelerated
from tests.faults.episode import Episode

pytestmark = pytest.mark.faults

SENTENCE = "embedding on the CPU, because"


def on_the_npu(message) -> bool:
    return message.topic == "health" and not any("Hailo" in sentence for sentence in message.degraded)


@pytest.mark.parametrize(
    ("fault_name", "title", "reason"),
    [
        ("raise", "NPU raises", "HAILO_INTERNAL_FAILURE"),
        ("hang", "NPU hangs (time-out 2 s)", "did not answer in time"),
        ("gone", "NPU vanishes", "Hailo"),
    ],
)
def test_a_lost_accelerator_is_replaced_and_taken_back(daemon, episode, record, fault_name, title, reason):
    daemon.wait(on_the_npu, time.monotonic())
    fault = episode(f"{title}; float model configured")
    daemon.inject("npu", fault_name)
    said_s = fault.health_says(SENTENCE)
    assert any(reason in each for health in daemon.health(fault.begun_s) for each in health.degraded)
    answered = daemon.health()[-1].embeddings
    daemon.wait(lambda m: m.topic == "health" and m.embeddings > answered + 2 and m.degraded, fault.begun_s + said_s)
    told = [m for at_s, m in daemon.received if at_s > fault.begun_s + said_s and m.topic != "health"]
    assert all(any(SENTENCE in sentence for sentence in message.degraded) for message in told)
    daemon.inject("npu", "")
    fault.end()
    sound_s = daemon.wait(on_the_npu, fault.ended_s)
    fault.works_again()
    fault.check()
    record(fault.row(f"at once, on the CPU; on the NPU {sound_s - fault.ended_s:.1f} s after its return"))


@pytest.mark.long
def test_without_a_float_model_nothing_is_answered_until_the_accelerator_returns(started, compiled, tmp_path, record):
    (tmp_path / "npu").write_text("")
    daemon = started(recognition=accelerated(compiled, fallback=False))
    fault = Episode(daemon, "NPU vanishes for 6 s; no float model")
    daemon.inject("npu", "gone")
    fault.health_says("nothing is recognised, because the Hailo is lost")
    time.sleep(5.0)
    daemon.inject("npu", "")
    fault.end()
    back_s = fault.works_again()
    assert daemon.cards("card.confirmed", fault.begun_s + 0.5, fault.ended_s) == []
    assert fault.answers() <= 2
    assert on_the_npu(daemon.health()[-1])
    fault.check()
    record(fault.row(f"{back_s:.1f} s"))
