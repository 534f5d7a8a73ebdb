"""The process that plays the simulated bench: it draws frames into a ring at a camera's pace.

Started by `edge.sources.demo`; it ends when its parent closes the pipe or is gone.
"""

import argparse
import os
import signal
import time

import cv2

from edge.simulator.bench import Bench
from edge.simulator.script import Scenario
from edge.sources.ring import FrameRing, RingLayout

WAKE_UP = b"."


def main() -> None:
    """Read the arguments, attach to the ring and play until the parent is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("memory", "pipe", "width", "height", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--fps", type=float, required=True)
    parser.add_argument("--scenario", type=Scenario, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    ring = FrameRing(RingLayout(width=options.width, height=options.height), options.memory)
    os.close(options.memory)
    os.set_blocking(options.pipe, False)
    bench = Bench(options.seed, (options.width, options.height), options.fps, options.scenario)
    _play(bench, ring, options.fps, options.pipe)


def _play(bench: Bench, ring: FrameRing, fps: float, pipe: int) -> None:
    """Draw the frame that is due, again and again; frames whose time has passed are dropped."""
    start_ns = time.monotonic_ns()
    due = 0
    while True:
        timestamp_ns = time.monotonic_ns()
        bench.draw(due, ring.next_slot())
        ring.publish(due, timestamp_ns)
        if not _wake(pipe):
            return
        elapsed_s = (time.monotonic_ns() - start_ns) / 1e9
        due = max(due + 1, int(elapsed_s * fps))
        time.sleep(max(0.0, due / fps - elapsed_s))


def _wake(pipe: int) -> bool:
    """Tell the parent that there is a new frame; False when it is gone."""
    try:
        os.write(pipe, WAKE_UP)
    except BlockingIOError:
        return True
    except BrokenPipeError:
        return False
    return True


if __name__ == "__main__":
    main()
