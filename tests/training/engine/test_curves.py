import cv2
import pytest
from matplotlib.figure import Figure

from training.engine import curves
from training.engine.curves import draw_curves
from training.engine.history import append_history


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were drawn."""
    figures = []

    class Kept(Figure):
        def __init__(self, **options):
            super().__init__(**options)
            figures.append(self)

    monkeypatch.setattr(curves, "Figure", Kept)
    return figures


def test_losses_the_rate_and_what_was_measured_are_drawn_and_pace_and_gradients_are_not(tmp_path, drawn):
    for step in (25, 50):
        losses = {"contrastive": 2.0 / step, "gradient_contrastive": 7.0}
        pace = {"images_per_s": 30.0, "waiting": 0.1, "elapsed_s": step, "eta_s": 10, "progress": step / 50}
        append_history(tmp_path, {"step": step, "learning_rate": 0.001, **losses, **pace})
    append_history(tmp_path, {"step": 50, "recall_at_1": 0.9})
    append_history(tmp_path, {"step": 30, "retry": 1, "reason": "out of memory"})
    draw_curves(tmp_path)
    panels = drawn[0].axes
    assert [axes.get_ylabel() for axes in panels] == ["loss", "learning rate", "held-out recognition"]
    named = [[line.get_label() for line in axes.lines if not line.get_label().startswith("_")] for axes in panels]
    assert named == [["contrastive"], ["learning_rate"], ["recall_at_1"]]
    assert list(panels[0].lines[0].get_xdata()) == [25, 50]
    assert [list(line.get_xdata()) for line in panels[0].lines[1:]] == [[30, 30]]
    assert cv2.imread(str(tmp_path / "curves.png")) is not None


def test_before_the_first_line_of_the_history_there_is_no_picture(tmp_path):
    draw_curves(tmp_path)
    assert list(tmp_path.iterdir()) == []
