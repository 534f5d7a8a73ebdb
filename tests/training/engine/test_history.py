from training.engine.curves import draw_curves
from training.engine.history import append_history, forget_after, read_history
from training.engine.tracking import flattened, metrics_of


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    append_history(tmp_path, {"step": 1, "loss": 0.5})
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert read_history(tmp_path) == [{"step": 1, "loss": 0.5}]


def test_what_will_be_done_again_is_forgotten_but_not_the_retries(tmp_path):
    forget_after(tmp_path, 3)
    entries = [{"step": 2, "loss": 1}, {"step": 4, "loss": 1}, {"step": 4, "retry": 1}]
    for entry in entries:
        append_history(tmp_path, entry)
    forget_after(tmp_path, 3)
    assert read_history(tmp_path) == [entries[0], entries[2]]


def test_curves_are_drawn_from_the_history(tmp_path):
    draw_curves(tmp_path)
    assert not (tmp_path / "curves.png").exists()
    for step in range(3):
        append_history(tmp_path, {"step": step, "arcface": 3.0 - step, "learning_rate": 0.1})
    append_history(tmp_path, {"step": 2, "recall_at_1": 0.9})
    append_history(tmp_path, {"step": 2, "retry": 1})
    draw_curves(tmp_path)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_settings_and_entries_become_parameters_and_metrics():
    assert flattened({"a": {"b": 1, "c": {"d": 2}}, "e": 3}) == {"a.b": 1, "a.c.d": 2, "e": 3}
    assert metrics_of({"step": 7, "loss": 0.5, "eta_s": None, "reason": "x"}) == {"loss": 0.5}
