import os
from pathlib import Path

import pytest

from edge.errors import ConfigurationError
from edge.settings.settings import Settings, load_settings


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "scanner.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file():
    assert load_settings(environment={}) == Settings()


def test_file_then_environment_then_command_line(tmp_path: Path):
    path = write(tmp_path, '[source]\nspec = "video:a.mp4"\nfps = 10\nseed = 1\n')
    settings = load_settings(
        path,
        environment={"CARD_SCANNER_SOURCE__FPS": "20", "CARD_SCANNER_SOURCE__SEED": "2", "HOME": "/nowhere"},
        overrides={"source": {"seed": 3}},
    )
    assert (settings.source.spec, settings.source.fps, settings.source.seed) == ("video:a.mp4", 20.0, 3)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[source]\nfps = 0\n", "source.fps"),
        ("[source]\nsped = 3\n", "source.sped"),
        ("[sources]\n", "sources"),
        ("fps = 3\n", "section"),
        ("[source\n", "TOML"),
        ("[source]\nseed = " + "9" * 5000, "TOML"),
        ('[publish]\nendpoint = "tcp://*:1"\ncontrol = "tcp://*:1"\n', "must differ"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str):
    with pytest.raises(ConfigurationError, match=named):
        load_settings(write(tmp_path, text), environment={})


@pytest.mark.parametrize("spec", ["", "nothing", "images", "images:", "video:", "v4l2:", "camera:0", "http://x/y"])
def test_a_bad_source_lists_the_good_ones(tmp_path: Path, spec: str):
    with pytest.raises(ConfigurationError, match=r"source\.spec: must be demo, images:PATH, .*, picamera or imx"):
        load_settings(write(tmp_path, f'[source]\nspec = "{spec}"\n'), environment={})


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("publish", "endpoint", '"tcp://127.0.0.1:99999"'),
        ("publish", "endpoint", '"tcp://127.0.0.1:0"'),
        ("publish", "control", '"tcp://127.0.0.1"'),
        ("publish", "control", '"nonsense"'),
        ("publish", "send_high_water_mark", "3_000_000_000"),
        ("publish", "health_interval_s", "nan"),
        ("source", "fps", "inf"),
        ("source", "seed", "1" + 30 * "0"),
        ("source", "spec", '"images:a\\u0000b"'),
        ("recognition", "model", '""'),
        ("recognition", "database", '""'),
        ("recognition", "model", '"/"'),
        ("centering", "calibration", '"a\\u0000b"'),
        ("camera", "gain", "inf"),
        ("selection", "sharpness", "inf"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_its_name(tmp_path: Path, section: str, key: str, value: str):
    with pytest.raises(ConfigurationError, match=f"{section}.{key}"):
        load_settings(write(tmp_path, f"[{section}]\n{key} = {value}\n"), environment={})


def test_a_name_that_is_not_utf8_is_refused():
    """It could be put into no message."""
    with pytest.raises(ConfigurationError, match=r"source\.spec: .*UTF-8"):
        load_settings(environment={}, overrides={"source": {"spec": "images:\udcff"}})


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="absent.toml"):
        load_settings(tmp_path / "absent.toml", environment={})


def test_a_wrong_environment_variable_is_an_error():
    with pytest.raises(ConfigurationError, match="tracking"):
        load_settings(environment={"CARD_SCANNER_TRACKING__MIN_IOU": "lots"})


def test_a_byte_order_mark_is_no_error(tmp_path: Path):
    path = tmp_path / "notepad.toml"
    path.write_text('\ufeff[source]\nspec = "demo"\n', encoding="utf-8")
    assert load_settings(path, environment={}).source.spec == "demo"


def test_a_fifo_is_no_configuration(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo.toml")
    with pytest.raises(ConfigurationError, match="not a regular file"):
        load_settings(tmp_path / "fifo.toml", environment={})
