"""Records the signatures of the hardware libraries that the adapters rely on, from their published sources.

    python tests/hardware/record_signatures.py picamera2=0.3.36:DIR hailort=4.20.0:DIR hailort=4.23.0:DIR

DIR is a checkout at that version. Only names, parameters, base classes and status codes are recorded.
"""

import ast
import json
import re
import sys
from pathlib import Path

RECORD = Path(__file__).with_name("signatures.json")
FILES = {
    "picamera2": (
        "picamera2/picamera2.py",
        "picamera2/request.py",
        "picamera2/job.py",
        "picamera2/devices/imx500/imx500.py",
    ),
    "hailort": ("hailort/libhailort/bindings/python/platform/hailo_platform/pyhailort/pyhailort.py",),
}
EXPORTS = "hailort/libhailort/bindings/python/platform/hailo_platform/__init__.py"
STATUS = "hailort/libhailort/include/hailo/hailort.h"
KEPT = {
    "Picamera2", "CompletedRequest", "Job", "IMX500", "NetworkIntrinsics", "VDevice", "InferModel",
    "InferModel.InferStream", "ConfiguredInferModel", "ConfiguredInferModel.Bindings",
    "ConfiguredInferModel.Bindings.InferStream", "AsyncInferJob", "AsyncInferCompletionInfo",
}  # fmt: skip


def parameters(function: ast.FunctionDef) -> list[str]:
    """Names of the parameters; one with a default ends in '='."""
    arguments = function.args
    names = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    required = len(names) - len(arguments.defaults)
    listed = [name if index < required else f"{name}=" for index, name in enumerate(names)]
    if arguments.vararg:
        listed.append(f"*{arguments.vararg.arg}")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        listed.append(f"{argument.arg}{'' if default is None else '='} (keyword)")
    return listed


def members(body: list[ast.stmt], prefix: str = "") -> dict[str, dict]:
    found: dict[str, dict] = {}
    for node in body:
        if isinstance(node, ast.ClassDef):
            name = prefix + node.name
            functions = [item for item in node.body if isinstance(item, ast.FunctionDef)]
            decorators = {id(f): {ast.unparse(d) for d in f.decorator_list} for f in functions}
            found[name] = {
                "bases": [ast.unparse(base) for base in node.bases],
                "methods": {f.name: parameters(f) for f in functions if (f.name == "__init__" or f.name[0] != "_")
                            and not decorators[id(f)] & {"property", "overload"}
                            and not any(d.endswith(".setter") for d in decorators[id(f)])},
                "properties": sorted(f.name for f in functions if "property" in decorators[id(f)]),
            }  # fmt: skip
            found |= members(node.body, f"{name}.")
    return found


def record(library: str, folder: Path) -> dict:
    classes: dict[str, dict] = {}
    for file in FILES[library]:
        classes |= members(ast.parse((folder / file).read_text(encoding="utf-8")).body)
    entry = {"files": FILES[library], "classes": {name: classes[name] for name in sorted(KEPT & set(classes))}}
    if library == "hailort":
        entry["exceptions"] = {name: c["bases"] for name, c in classes.items() if c["bases"] and "Exception" in
                               "".join(c["bases"])}  # fmt: skip
        entry["exports"] = sorted(ast.literal_eval(re.search(r"__all__ = (\[.*?\])", (folder / EXPORTS).read_text(),
                                                              re.DOTALL).group(1)))  # fmt: skip
        codes = re.findall(r"HAILO_STATUS__X\((\d+),\s*(HAILO_\w+)", (folder / STATUS).read_text())
        entry["status"] = {name: int(code) for code, name in codes}
    return entry


def main(arguments: list[str]) -> None:
    recorded: dict[str, dict] = {}
    for argument in arguments:
        library, version, folder = re.fullmatch(r"(\w+)=([\d.]+):(.+)", argument).groups()
        recorded.setdefault(library, {})[version] = record(library, Path(folder))
    RECORD.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
