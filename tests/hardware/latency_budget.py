"""The latency budget of the appliance as a simulation: three threads, a camera, an accelerator.

    python -m tests.hardware.latency_budget

Times of the CPU were measured on one core of an x86 server (`stage_times.py`) and are multiplied by `CPU_FACTOR`;
those of the accelerator are published (docs/hardware.md says where). It answers what a stage may take, not what it
takes.
"""

import sys
from dataclasses import dataclass

CPU_FACTOR = 2.5
FRAME_READY_MS = 50.0
AGREEING = 3
FRAMES = 300
# Frames in a row that make a track of what was found (tracking.min_hits).
HITS = 3
FPS = 26.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """An embedding network on the Hailo-8: milliseconds at batch 1 and for each card at batch 8."""

    name: str
    single_ms: float
    batched_ms: float


# Hailo Model Zoo 2.18, frames/s at batch 1 and 8; where only one figure is published, it is throughput.
NETWORKS = (
    Network(name="RegNetX-1.6GF", single_ms=1e3 / 2551, batched_ms=1e3 / 2551),
    Network(name="ResNet-50", single_ms=1e3 / 1372, batched_ms=1e3 / 1372),
    Network(name="LeViT-384", single_ms=1e3 / 65.6, batched_ms=1e3 / 325),
    Network(name="Swin-Tiny", single_ms=1e3 / 28.7, batched_ms=1e3 / 81),
    Network(name="DaViT-Tiny", single_ms=1e3 / 17.8, batched_ms=1e3 / 54),
)
# Milliseconds on the x86 core, for each card unless said otherwise.
COPY_FRAME, DECODE_BOXES, FOLLOW_STILL, FOLLOW_MOVED, SHARPNESS = 0.2, 0.1, 1.5, 5.3, 0.4
RECTIFY, PREPROCESS, SEARCH_INDEX, VERIFY, CENTERING = 2.0, 1.5, 1.9, 1.9, 10.3
# The search for cards: of one box of the sensor, and of the whole frame with so many cards in it.
SEARCH_BOX, SEARCH_FRAME = 44.2, {1: 52.8, 5: 119.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a simulated run shows.

    Attributes:
        capture_ms: of CPU for each frame.
        dropped: frames of 300 that capture could not take.
        answer_ms: from exposure to an answer, median.
        confirm_ms: from the exposure of the first sharp frame to the confirmation.
        centred_ms: from there to the last card's centering.
        confirm_frames: frames that arrived between the first sharp one and the confirmation.
    """

    capture_ms: float
    dropped: int
    answer_ms: float
    confirm_ms: float
    centred_ms: float
    confirm_frames: float


def simulate(
    network: Network, cards: int, fps: float = FPS, *, moving: bool = False, factor: float = CPU_FACTOR
) -> Outcome:
    """Let cards lie in view from frame 0 on, already found, and count until each has three agreeing answers."""
    period, follow = 1e3 / fps, FOLLOW_MOVED if moving else FOLLOW_STILL
    capture_ms = factor * (COPY_FRAME + DECODE_BOXES + cards * (follow + SHARPNESS))
    embed_ms = min(cards * network.single_ms, network.single_ms + (cards - 1) * network.batched_ms)
    recognition_ms = embed_ms + factor * cards * (RECTIFY + PREPROCESS + SEARCH_INDEX + VERIFY)
    answered, dropped, latencies = 0, 0, []
    capture_free = recognition_free = output_free = 0.0
    for frame in range(FRAMES):
        exposed = frame * period
        if capture_free > exposed + FRAME_READY_MS + period:
            dropped += 1
            continue
        captured = max(exposed + FRAME_READY_MS, capture_free) + capture_ms
        capture_free = captured
        # The selector asks again once the answer is in; meanwhile a newer crop replaces the one that waits.
        if answered < AGREEING and output_free <= captured and recognition_free <= captured:
            recognition_free = captured + recognition_ms
            answered += 1
            output_free = recognition_free + 1.0
            latencies.append(output_free - exposed)
            confirmed = output_free
    return Outcome(
        capture_ms=capture_ms,
        dropped=dropped,
        answer_ms=sorted(latencies)[len(latencies) // 2],
        confirm_ms=confirmed,
        centred_ms=confirmed + factor * CENTERING * cards,
        confirm_frames=(confirmed - FRAME_READY_MS) / period,
    )


def appear_ms(search_ms: float, *, searching: bool, factor: float = CPU_FACTOR) -> float:
    """From the first exposure of a card that lies still to `card.appeared`.

    Args:
        search_ms: on the x86 core.
        searching: whether a search of an earlier picture has just begun, which has to end first.
        factor: of the target's core.
    """
    return FRAME_READY_MS + factor * search_ms * (2 if searching else 1) + HITS * 1e3 / FPS


def appearing_table() -> str:
    """The table of docs/hardware.md that says when a new card is seen."""
    lines = ["| source | cards | a search | appears after | while another search runs |", "|---|---|---|---|---|"]
    for source, cards, search_ms in (
        ("`imx500`, one new box", "any", SEARCH_BOX),
        ("`picamera`, whole frame", "1", SEARCH_FRAME[1]),
        ("`picamera`, whole frame", "5", SEARCH_FRAME[5]),
    ):
        first, second = (appear_ms(search_ms, searching=each) for each in (False, True))
        lines.append(f"| {source} | {cards} | {CPU_FACTOR * search_ms:.0f} ms | {first:.0f} ms | {second:.0f} ms |")
    return "\n".join(lines)


def table() -> str:
    """The table of docs/hardware.md that says when a card is confirmed."""
    lines = ["| network on the Hailo-8 | cards | embedding | exposure to answer | to confirmed | frames | to centred |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for network in NETWORKS:
        for cards in (1, 5):
            outcome = simulate(network, cards)
            embed_ms = min(cards * network.single_ms, network.single_ms + (cards - 1) * network.batched_ms)
            lines.append(
                f"| {network.name} | {cards} | {embed_ms:.1f} ms | {outcome.answer_ms:.0f} ms | "
                f"{outcome.confirm_ms:.0f} ms | {outcome.confirm_frames:.1f} | {outcome.centred_ms:.0f} ms |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{appearing_table()}\n\n{table()}\n")
