"""How many frames a card takes until it is confirmed, from its first sharp one: the pipeline on the simulated bench.

The daemon's own stages see every frame in turn, as on a machine that keeps up; how fast that is, `card-scanner bench`
shows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from edge.detection import CardDetector, Following, WholeFrame
from edge.frame import Frame
from edge.outside.daemon_benchmark import PROMPT_FRAMES
from edge.pipeline.output import OutputStage
from edge.pipeline.selection import Feedback, Selector
from edge.pipeline.stages import CaptureStage, RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.opening import open_recognizer
from edge.settings.sections import RecognitionSettings, SelectionSettings, SmoothingSettings, TrackingSettings
from edge.simulator.bench import Bench
from edge.simulator.script import Scenario
from edge.wire.envelope import Topic
from edge.wire.session import Session
from training.evaluation.choices import changed
from training.evaluation.following_ablation import FPS, LateExecutor
from training.evaluation.following_choices import EXECUTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One confirmation.

    Attributes:
        frames: from the first sharp frame to it.
        right: whether such a card is in that frame.
    """

    frames: int
    right: bool


def decisions_on_the_bench(count: int, scenario: Scenario, recognition: RecognitionSettings) -> Iterator[Decision]:
    """Play the first `count` frames of a scenario; every confirmation of a card in them.

    Raises:
        ScannerError: if the model or the database cannot be used.
    """
    feedback, session = Feedback(), Session("bench")
    with changed({EXECUTOR: LateExecutor}), closing(open_recognizer(recognition)) as recognizer:
        bench = Bench(fps=FPS, scenario=scenario)
        selector = Selector(SelectionSettings(), feedback)
        capture = CaptureStage(Following(CardDetector(), WholeFrame()), Tracker(TrackingSettings()), selector)
        stage = RecognitionStage(recognizer)
        output = OutputStage(SmoothingSettings(), feedback, session.envelope)
        for number in range(count):
            image, truth = bench.frame(number)
            frame = Frame(frame_id=number, timestamp_ns=round(1e9 * number / FPS), image=image)
            observation, crops, _ = capture.process(frame)
            output.observe(observation)
            messages = [each for answer in (stage.process(crops) if crops else ()) for each in output.answer(answer)]
            present = {card.card_id for card in truth.cards}
            for message in messages:
                if message.topic is Topic.CONFIRMED and message.frames_to_decision is not None:
                    yield Decision(frames=message.frames_to_decision, right=message.card_id in present)


def decisions_to_markdown(decisions: Sequence[Decision]) -> str:
    """How many cards took how many frames."""
    counts, prompt = Counter(each.frames for each in decisions), sum(d.frames <= PROMPT_FRAMES for d in decisions)
    right = sum(each.right for each in decisions)
    lines = ["| frames from the first sharp one | cards confirmed |", "|---|---|"]
    lines += [f"| {frames} | {counts[frames]} |" for frames in sorted(counts)]
    lines += ["", f"Within {PROMPT_FRAMES}: {prompt} of {len(decisions)}; rightly: {right} of {len(decisions)}."]
    return "\n".join(lines) + "\n"
