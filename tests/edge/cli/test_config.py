from pathlib import Path

from edge.settings.settings import Settings, load_settings


def test_the_default_file_holds_every_setting_at_its_default(scanner, tmp_path):
    text = scanner("config", "--default").out
    (tmp_path / "a.toml").write_text(text)
    assert load_settings(tmp_path / "a.toml", environment={}) == Settings()
    for name, section in Settings.model_fields.items():
        assert f"[{name}]\n" in text
        assert all(f"{key} =" in text for key in section.annotation.model_fields)
    assert scanner("config", "--check", tmp_path / "a.toml").out == f"{tmp_path / 'a.toml'} is right\n"


def test_the_documentation_is_of_this_version(scanner):
    document = Path(__file__).resolve().parents[3] / "docs" / "configuration.md"
    outdated = "write it anew: card-scanner config --reference > docs/configuration.md"
    assert document.read_text(encoding="utf-8") == scanner("config", "--reference").out, outdated


def test_the_documentation_has_every_setting_once(scanner):
    lines = scanner("config", "--reference").out.splitlines()
    for section in Settings.model_fields.values():
        for key, field in section.annotation.model_fields.items():
            [line] = [line for line in lines if line.startswith(f"| `{key}` |") and (field.description or "") in line]
            assert line.count("|") == 5


def test_the_environment_shows(scanner, monkeypatch):
    monkeypatch.setenv("CARD_SCANNER_SOURCE__SPEC", 'video:"odd" name.mp4')
    assert r'spec = "video:\"odd\" name.mp4"' in scanner("config", "--show").out
    monkeypatch.setenv("CARD_SCANNER_SOURCE__FPS", "fast")
    outcome = scanner("config", "--show")
    assert outcome.code == 2
    assert "source.fps" in outcome.complaint


def test_a_wrong_file_is_refused(scanner, tmp_path):
    for text, named in (
        ("[source]\nspeed = 3", "source.speed: there is no such key; the keys of [source] are spec, fps"),
        ("[sauce]\na = 1", "the sections are source"),
        ("[source]\nfps = 0", "allowed: number above 0, at most 240"),
        ("[source", "TOML"),
        ("fps = 3", "section"),
    ):
        (tmp_path / "a.toml").write_text(text)
        outcome = scanner("config", "--check", tmp_path / "a.toml")
        assert outcome.code == 2
        assert named in outcome.complaint
    assert "No such file" in scanner("config", "--check", tmp_path / "b.toml").complaint
