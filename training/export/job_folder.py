"""A folder with all that another machine's compiler needs, and the checksums that prove it undamaged."""

import json
from pathlib import Path
from typing import Any

from edge.errors import ConfigurationError
from edge.manifests import file_sha256
from training.errors import ExportError

JOB_FILE = "job.json"


def new_job_folder(folder: Path) -> None:
    """Make the folder of a job.

    Raises:
        ConfigurationError: if it holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} is not empty; choose another folder for the job")
    folder.mkdir(parents=True, exist_ok=True)


def write_job_file(folder: Path, job: dict[str, Any]) -> None:
    """Write the description of a job whose files are all there, with their checksums."""
    checksums = {path.name: file_sha256(path) for path in sorted(folder.iterdir())}
    (folder / JOB_FILE).write_text(json.dumps({**job, "sha256": checksums}, indent=2) + "\n", encoding="utf-8")


def read_job_file(folder: Path) -> dict[str, Any]:
    """Read the description of a job, and check its files.

    Raises:
        ExportError: naming a file that is not the one that the job was made with.
    """
    job: dict[str, Any] = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
    for name, digest in job["sha256"].items():
        if file_sha256(folder / name) != digest:
            raise ExportError(f"{folder / name} is not the file that the job was made with")
    return job
