from pathlib import Path

import pytest

from edge.files.paths import state_folder


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/card-scanner/snapshots:/var/lib/card-scanner/log"}, "/var/lib/card-scanner/log"),
        ({"STATE_DIRECTORY": "/var/lib/card-scanner/snapshots", "XDG_STATE_HOME": "/state"}, "/state/card-scanner/log"),
        ({"XDG_STATE_HOME": "/state"}, "/state/card-scanner/log"),
        ({}, str(Path.home() / ".local/state/card-scanner/log")),
    ],
)
def test_the_services_folder_of_that_name_or_the_users(environment, folder):
    assert state_folder("log", environment) == Path(folder)
