"""`card-training evaluate sensor`: the outline network as the IMX500 runs it against the whole detector on the CPU.

The same held-out scenes and real photos are searched three ways: by the detector as it is; with what the float network
proposes in one picture of the sensor's size; and with what its 8-bit form proposes there, computed by the arithmetic of
Sony's toolkit. Sides are placed and fitted alike in all three.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.detection import CardDetector
from edge.detection.cards import MIN_SCORE
from edge.detection.networks.dense import decode_maps
from edge.errors import ConfigurationError
from edge.files.paths import named_path
from edge.frame import OutlineMaps
from edge.geometry import Image, Quad
from edge.imaging.photos import read_photo
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import demo_cards, unknown_cards
from edge.simulator.truth import SceneTruth
from training.calibration.intervals import share_interval
from training.evaluation.metrics import assign, corner_error
from training.evaluation.photos import as_frame, card_counts
from training.evaluation.scenes import CONDITIONS, FIRST_HELD_OUT_SEED, MAIN_CONDITIONS, is_judged, is_unknown

CPU, FLOAT, INT8 = "detector on the CPU", "sensor, float", "sensor, 8 bits"
# geometry: a detection that overlaps a card by less is none of it.
FALSE_IOU = 0.5
_DRAWS = 2000

Find = Callable[[Image], list[Quad]]


class EmulatedSensor:
    """A network in the sensor's form, run by ONNX Runtime on a frame as the sensor would be shown it."""

    def __init__(self, path: Path) -> None:
        """Open the graph: pixels in; logits and logarithms of distances out.

        Raises:
            ConfigurationError: if there is none.
        """
        if not path.is_file():
            raise ConfigurationError(f"there is no {path}; a job of export-imx500 that was carried out has it")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        (given,) = self._session.get_inputs()
        self._input, self._side_px = given.name, int(given.shape[-1])

    def maps(self, image: Image) -> OutlineMaps:
        """What it says of an image; one that is not square is filled up to a square with black."""
        side = max(image.shape[:2])
        height, width = image.shape[:2]
        square = cv2.copyMakeBorder(image, 0, side - height, 0, side - width, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        small = cv2.resize(square, (self._side_px, self._side_px), interpolation=cv2.INTER_AREA)
        pixels = np.ascontiguousarray(small[None, ..., ::-1].transpose(0, 3, 1, 2), np.float32)
        logits, log_distances = self._session.run(None, {self._input: pixels})
        return OutlineMaps(logits=logits[0, 0], log_distances=log_distances[0], region=(0, 0, side, side))


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFound:
    """What one way found in one scene.

    Attributes:
        scene: its seed.
        condition: of the scene.
        errors: of each card that is asked for: of its corners, as a fraction of its width; None where it is missed.
        detections: how many.
        false: of them, those that are no card.
    """

    scene: int
    condition: str
    errors: tuple[float | None, ...]
    detections: int
    false: int


def add_arguments(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare this kind of evaluation."""
    parser = kinds.add_parser("sensor", help="the outline network in 8 bits, as the IMX500 runs it, against float")
    parser.add_argument("--job", type=named_path, required=True, help="folder of export-imx500 that was carried out")
    parser.add_argument("--count", type=int, default=200, help="number of scenes (default: 200)")
    parser.add_argument("--photos", type=named_path, help="folder of real photos, with --truth")
    parser.add_argument("--truth", type=named_path, help='JSON: {"photo.jpg": {"cards": 3}, ...}')


def run(args: argparse.Namespace) -> int:
    """Measure, and print the tables; returns the exit code.

    Raises:
        ScannerError: if the job was not carried out, or a photo cannot be read.
    """
    if (args.photos is None) != (args.truth is None):
        raise ConfigurationError("real photos need both: --photos DIR and --truth FILE")
    cv2.setNumThreads(1)
    ways = three_ways(args.job)
    known = demo_cards()
    unknown = unknown_cards(len(known))
    found: dict[str, list[SceneFound]] = {way: [] for way in ways}
    for number, (condition, seed) in enumerate(held_out(args.count), 1):
        image, truth = render_scene(
            random_scene(seed, unknown if is_unknown(condition) else known, CONDITIONS[condition])
        )
        for way, find in ways.items():
            found[way].append(compared(find(image), truth, condition, seed))
        sys.stderr.write(f"\r{number} of {args.count} scenes")
    sys.stderr.write("\n")
    sys.stdout.write(scenes_table(found))
    if args.photos is not None:
        sys.stdout.write("\n" + photos_table(ways, args.photos, args.truth))
    return 0


def three_ways(job: Path) -> Mapping[str, Find]:
    """The name of each way -> what finds the outlines in an image.

    Args:
        job: folder of `card-training export-imx500` that was carried out.

    Raises:
        ConfigurationError: if it was not.
    """
    detector = CardDetector()
    return {
        CPU: lambda image: [each.quad for each in detector.detect(image)],
        FLOAT: partial(_placed, detector, EmulatedSensor(job / "outline-imx500.onnx")),
        INT8: partial(_placed, detector, EmulatedSensor(job / "outline-imx500-int8.onnx")),
    }


def held_out(count: int) -> Iterator[tuple[str, int]]:
    """Condition and seed of `count` scenes, those of `evaluate scenes`."""
    names = [*CONDITIONS, *MAIN_CONDITIONS, *MAIN_CONDITIONS]
    return ((names[i % len(names)], FIRST_HELD_OUT_SEED + i) for i in range(count))


def compared(quads: list[Quad], truth: SceneTruth, condition: str, scene: int) -> SceneFound:
    """Outlines that were found in a scene beside those of its cards."""
    judged = [card.quad for card in truth.cards if is_judged(card)]
    matched = assign(quads, judged)
    real = assign(quads, [card.quad for card in truth.cards], min_iou=FALSE_IOU)
    return SceneFound(
        scene=scene,
        condition=condition,
        errors=tuple(corner_error(quads[matched[i]], quad) if i in matched else None for i, quad in enumerate(judged)),
        detections=len(quads),
        false=len(quads) - len(real),
    )


def scenes_table(found: Mapping[str, Sequence[SceneFound]]) -> str:
    """Recall, precision and corner error of each way, and what 8 bits change, with 95 % intervals by scene."""
    lines = ["| | recall | precision | corner error, median | 90 % |", "|---|---|---|---|---|"]
    for way, scenes in found.items():
        errors = [error for scene in scenes for error in scene.errors if error is not None]
        median, most = (100 * float(np.quantile(errors, share)) for share in (0.5, 0.9))
        lines.append(
            f"| {way} | {_share(*_hits(scenes))} | {_share(*_right(scenes))} | {median:.2f} % | {most:.2f} % |"
        )
    low, middle, high = (100 * value for value in recall_change(found[FLOAT], found[INT8]))
    lines += ["", f"8 bits change recall by {middle:+.2f} points (95 %: {low:+.2f} to {high:+.2f}).", ""]
    lines += ["| condition | " + " | ".join(found) + " | cards |", "|---|" + "---|" * (len(found) + 1)]
    for condition in dict.fromkeys(scene.condition for scene in next(iter(found.values()))):
        shares = [_hits([each for each in scenes if each.condition == condition])[0] for scenes in found.values()]
        cells = " | ".join(f"{100 * hits.mean():.1f} %" if len(hits) else "-" for hits in shares)
        lines.append(f"| {condition} | {cells} | {len(shares[0])} |")
    return "\n".join(lines) + "\n"


def recall_change(before: Sequence[SceneFound], after: Sequence[SceneFound]) -> tuple[float, float, float]:
    """Lower bound, value and upper bound (95 %, bootstrap over scenes) of the change of recall in the same scenes."""
    cards = np.array([len(scene.errors) for scene in before], np.float64)
    change = np.array([_found(b) - _found(a) for a, b in zip(before, after, strict=True)], np.float64)
    drawn = np.random.default_rng(0).multinomial(len(cards), np.full(len(cards), 1 / len(cards)), _DRAWS)
    low, high = np.quantile((drawn @ change) / np.maximum(drawn @ cards, 1), [0.025, 0.975])
    return float(low), float(change.sum() / cards.sum()), float(high)


def photos_table(ways: Mapping[str, Find], folder: Path, truth: Path) -> str:
    """Cards found in real photos, at the size of a camera's frames, beside their known number."""
    lines = ["| photo | cards | " + " | ".join(ways) + " |", "|---|" + "---|" * (len(ways) + 1)]
    exact = dict.fromkeys(ways, 0)
    counts = card_counts(truth)
    for name, cards in counts.items():
        image = as_frame(read_photo(folder / name))
        found = {way: len(find(image)) for way, find in ways.items()}
        exact = {way: exact[way] + (found[way] == cards) for way in ways}
        lines.append(f"| {name} | {cards} | " + " | ".join(str(number) for number in found.values()) + " |")
    lines.append(f"| exactly right | {len(counts)} | " + " | ".join(str(number) for number in exact.values()) + " |")
    return "\n".join(lines) + "\n"


def _placed(detector: CardDetector, sensor: EmulatedSensor, image: Image) -> list[Quad]:
    return [each.quad for each in detector.place(image, decode_maps(sensor.maps(image), MIN_SCORE))]


def _found(scene: SceneFound) -> int:
    return sum(error is not None for error in scene.errors)


def _hits(scenes: Sequence[SceneFound]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each card was found, and the scene that it is in."""
    pairs = [(error is not None, scene.scene) for scene in scenes for error in scene.errors]
    return np.array([hit for hit, _ in pairs], bool), np.array([scene for _, scene in pairs], np.int64)


def _right(scenes: Sequence[SceneFound]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each detection is a card, and the scene that it is in."""
    right = [k >= scene.false for scene in scenes for k in range(scene.detections)]
    return np.array(right, bool), np.repeat([scene.scene for scene in scenes], [scene.detections for scene in scenes])


def _share(hits: NDArray[np.bool_], groups: NDArray[np.int64]) -> str:
    low, high = share_interval(hits, groups)
    return f"{100 * hits.mean():.1f} % ({100 * low:.1f} to {100 * high:.1f})"
