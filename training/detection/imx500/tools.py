"""Sony's tools in an environment of their own: 6 GB that nothing else here depends on."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ConfigurationError
from training.errors import ExportError

PYTHON = "python3.11"
# published: the versions that were found to work together; they bring the Model Compression Toolkit 2.5.1 and the
# converter 3.18.2.
REQUIREMENTS = ("edge-mdt[pt]==1.3.0", "torch==2.6.0", "torchvision==0.21.0")


@dataclass(frozen=True, slots=True)
class SonyTools:
    """The tools in one environment.

    Attributes:
        python: its interpreter.
    """

    python: Path

    @classmethod
    def in_environment(cls, folder: Path) -> "SonyTools":
        """The tools in a virtual environment, which is made where there is none.

        Raises:
            ConfigurationError: if Java is missing, the folder holds something else, or the environment cannot be made.
        """
        if shutil.which("java") is None:
            raise ConfigurationError("Sony's converter needs Java 17 and there is no java in PATH; install a Java 17")
        if not folder.exists():
            _make(folder)
        if not (folder / "bin" / "imxconv-pt").is_file():
            raise ConfigurationError(
                f"{folder} is not an environment with imxconv-pt; name one, or a new folder, where it is made"
            )
        return cls(folder.absolute() / "bin" / "python")

    def convert(self, job: Path) -> None:
        """Carry out a job folder.

        Raises:
            ExportError: if a tool fails; what it said was printed.
        """
        command = [self.python, job / "convert_job.py", job]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 (a fixed command)
            raise ExportError(f"the conversion failed, see above; the job in {job} is complete and can be tried again")


def _make(folder: Path) -> None:
    python = shutil.which(PYTHON)
    if python is None:
        raise ConfigurationError(f"the environment of Sony's tools needs {PYTHON}, which is not in PATH; install it")
    commands: tuple[list[str | Path], ...] = (
        [python, "-m", "venv", folder],
        [folder / "bin" / "pip", "install", "--quiet", *REQUIREMENTS],
    )
    for command in commands:
        if subprocess.run(command, check=False).returncode:  # noqa: S603 (fixed commands)
            raise ConfigurationError(f"{folder} could not be made, see above; remove it and try again")
