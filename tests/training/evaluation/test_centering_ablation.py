import ast
from pathlib import Path

import numpy as np
import pytest

from edge.centering import Centering, measurement
from edge.centering.figures.figures import figures_from_places
from edge.centering.figures.grading import shipped_tables
from edge.centering.figures.places import PLACES_PER_SIDE, place_positions_mm
from edge.centering.result import Place
from training.cli import main
from training.evaluation.centering_ablation import Study
from training.evaluation.centering_frames import FramesTally, frames_of, frames_table
from training.evaluation.centering_numbers import edge_numbers, frame_numbers, registration_numbers
from training.evaluation.centering_rules import edge_rules, plain_curve, registration_rules
from training.evaluation.centering_tally import PhotoTally, SceneTally, photo_table, scenes_table
from training.evaluation.choices import current, number

ROOT = Path(measurement.__file__).parents[2]
MODULES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path
    for path in (ROOT / "edge" / "centering").rglob("*.py")
}
TRUTH_MM = (3.0, 3.0, 4.0, 2.0)


def centering(widths_mm=TRUTH_MM, std_mm=0.02):
    """A measurement of even borders."""
    places = tuple(
        Place(
            side=side, position_mm=float(at), outer_px=(0.0, 0.0), inner_px=(0.0, 0.0), width_mm=width, std_mm=std_mm,
            shared_std_mm=std_mm / 2, outlier=False,
        )
        for side, width in zip(PLACES_PER_SIDE, widths_mm, strict=True)
        for at in place_positions_mm(side)
    )  # fmt: skip
    return Centering(figures=figures_from_places(places, "front", shipped_tables()), places=places, face="front")


REFUSED = Centering(figures=None, reason="too few pixels", face="front")


def taken_from(module, other):
    """Names that a module imports from another."""
    tree = ast.parse(MODULES[other].read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == module]
    return {alias.name for node in imports for alias in node.names}


def counted(*measured, truth=TRUTH_MM):
    tally = SceneTally()
    for each in measured:
        tally.add(each, truth)
    return tally


def test_errors_intervals_and_refusals_are_counted():
    tally = counted(centering(), centering((3.5, 3.0, 4.0, 2.0)), REFUSED)
    assert (tally.cards, tally.measured, tally.wrong) == ([3, 0], [2, 0], [1, 1])
    assert max(tally.width_errors) == pytest.approx(0.5)
    assert [sum(each) for each in tally.within] == [7, 3]


def test_a_border_found_on_a_borderless_card_is_told():
    tally = counted(centering(), truth=None)
    rows = list(scenes_table({("rule", "off"): "rule"}, {("rule", "off"): tally}, counted(REFUSED, truth=None)))
    assert "0 of 0, 1 of 1 borderless" in rows[3]


def test_changes_without_effect_share_a_line():
    names = {("a", "off"): "first", ("b", "off"): "second"}
    tallies = {("a", "off"): counted(centering()), ("b", "off"): counted(REFUSED)}
    rows = list(scenes_table(names, tallies, counted(centering())))
    assert rows[3].startswith("| second | 0 of 1 |")
    assert rows[3].endswith("| 1 |")
    assert rows[-1] == "Without effect on any of these cards: first."


def test_cards_of_a_photo_are_compared_with_each_other_and_with_their_copies():
    tally = PhotoTally()
    tally.add(centering(), centering((3.001, 3.0, 4.0, 2.0)))
    tally.add(centering((3.2, 3.0, 4.0, 2.0)), centering())
    tally.add(REFUSED, REFUSED)
    row = list(photo_table({}, {}, tally))[2]
    assert row.startswith("| as it is | 2 of 3 | 0.100 | 0.000 |")
    assert row.endswith("| 75.0 % |")


def test_a_study_measures_with_each_change_and_leaves_nothing_changed():
    study = Study([number("edge.centering.measurement", "MIN_PX_PER_MM")], list)
    study.look(lambda seen: seen.append(measurement.MIN_PX_PER_MM))
    assert study.usual == [5.0]
    assert list(study.others.values()) == [[2.5], [10.0]]
    assert study.names["measurement.MIN_PX_PER_MM", "half"] == "measurement.MIN_PX_PER_MM (5): half"
    assert measurement.MIN_PX_PER_MM == 5.0


def test_whatever_is_changed_exists():
    choices = (*edge_rules(), *registration_rules(), *edge_numbers(), *registration_numbers(), *frame_numbers())
    assert len({choice.name for choice in choices}) == len(choices)
    for choice in choices:
        for change in choice.changes.values():
            for place in change:
                current(place)


def test_a_number_is_changed_wherever_it_is_imported():
    """A module that took a number by its name would go on with the old one."""
    for choice in (*edge_numbers(), *registration_numbers(), *frame_numbers()):
        module, name = next(iter(next(iter(choice.changes.values()))))
        changed = {place for change in choice.changes.values() for place in change}
        importing = {(each, name) for each in MODULES if each != module and name in taken_from(module, each)}
        assert importing <= changed, choice.name


def test_a_card_that_rests_is_shown_and_a_swap_is_noticed():
    tally = FramesTally()
    tally.add(centering(), centering((2.0, 4.0, 4.0, 2.0)), seed=1)
    assert 1 <= tally.shown_after[0] <= 3
    assert max(map(abs, tally.errors)) < 0.5
    assert tally.noticed_after[0] <= 4
    assert tally.restarts == 0
    assert "| as it is |" in list(frames_table({}, {}, tally))[2]


def test_glare_and_noise_are_in_the_frames():
    frames = list(frames_of(centering(), 20, np.random.default_rng(0)))
    widths = np.array([[place.width_mm for place in frame.places] for frame in frames])
    assert np.median(widths, axis=0)[:7] == pytest.approx([3.0] * 7, abs=0.02)
    assert 0.3 < np.abs(widths[:, :7] - 3.0).max() < 0.5


def test_a_plain_curve_runs_through_all_points():
    u = np.linspace(-10, 10, 21)
    curve, used, scatter = plain_curve(u, 1 + 0.1 * u, 0.05)
    assert curve == pytest.approx((1, 0.1, 0), abs=1e-9)
    assert used.all()
    assert scatter == pytest.approx(0, abs=1e-9)


def test_the_command_prints_what_an_idea_is_worth(capsys):
    assert main(["ablate", "centering", "--count", "1", "--only", "the lens", "another size doubts"]) == 0
    printed = capsys.readouterr().out
    assert "1 simulated cards, without reference pictures:" in printed
    assert "| as it is | 1 of 1 |" in printed
    assert "Real cards were not measured: no --photo was given." in printed
