import importlib.util

import pytest

from training.engine.tracking import tracked

mlflow_is_here = importlib.util.find_spec("mlflow") is not None


@pytest.mark.skipif(mlflow_is_here, reason="MLflow is installed")
def test_without_mlflow_a_run_is_not_tracked(tmp_path):
    with tracked(tmp_path, {}) as callback:
        callback.after_entry({"step": 1})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not mlflow_is_here, reason="needs MLflow: pip install -e '.[tracking]'")
@pytest.mark.filterwarnings("ignore")
def test_a_run_and_its_continuation_are_one_in_the_local_store(tmp_path, monkeypatch):
    import mlflow

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "a-run"
    folder.mkdir()
    for step in (1, 2):
        with tracked(folder, {"settings": {"seed": 7}}) as callback:
            callback.after_entry({"step": step, "arcface": 3.0 - step, "reason": "none"})
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("card-training").experiment_id])
    assert (run.info.run_name, run.info.status) == ("a-run", "FINISHED")
    assert run.data.params["settings.seed"] == "7"
    history = client.get_metric_history(run.info.run_id, "arcface")
    assert {(metric.step, metric.value) for metric in history} == {(1, 2.0), (2, 1.0)}
