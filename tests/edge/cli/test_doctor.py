import pytest

SUBJECTS = ["configuration", "camera", "sensor", "NPU", "NPU", "NPU", "permissions"]
SUBJECTS += [
    "temperature",
    "throttling",
    "model",
    "detector",
    "database",
    "learned",
    "recognition",
    "disk",
    "log",
    "ports",
    "access",
    "clock",
]


@pytest.fixture
def config(tmp_path, tiny_database):
    path = tmp_path / "config.toml"
    path.write_text(
        f'{tiny_database.toml()}[publish]\nendpoint = "ipc://{tmp_path}/a"\ncontrol = "ipc://{tmp_path}/b"\n'
    )
    return path


def test_one_line_a_check_and_code_0_where_nothing_fails(scanner, config):
    outcome = scanner("doctor", "--config", config)
    lines = outcome.out.splitlines()
    assert [line.split()[1] for line in lines] == SUBJECTS
    failed = [line for line in lines if line.startswith("FAIL")]
    assert outcome.code == bool(failed)
    assert "4 cards" in next(line for line in lines if " database " in line)


def test_what_fails_comes_with_its_remedy_and_code_1(scanner, config):
    config.write_text(config.read_text().replace("thumbnail.onnx", "nothing.onnx") + '[source]\nspec = "imx500"\n')
    outcome = scanner("doctor", "--config", config)
    assert outcome.code == 1
    failed = {line.split()[1]: line for line in outcome.out.splitlines() if line.startswith("FAIL")}
    assert {"camera", "sensor", "model", "database"} <= set(failed)
    assert all("  ->  " in line for line in failed.values())


def test_a_wrong_configuration_is_a_finding_not_the_end(scanner, config):
    config.write_text("[source]\nspeed = 3\n")
    outcome = scanner("doctor", "--config", config)
    lines = outcome.out.splitlines()
    assert (outcome.code, len(lines)) == (1, len(SUBJECTS))
    assert lines[0].startswith("FAIL  configuration")
    assert "source.speed" in lines[0]
