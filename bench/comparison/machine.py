"""What was measured on: the machine, and the versions and sizes of the engines."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess

import psutil

PACKAGES = {"torch": ("torch",), "onnxruntime": ("onnxruntime",), "openvino": ("openvino",)}
INSTRUCTION_SETS = ("sse2", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")


def processor() -> tuple[str, set[str]]:
    """Name and flags of the first CPU."""
    name, flags = platform.machine(), set()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            name = value.strip()
        if key.strip() in ("flags", "Features"):
            return name, set(value.split())
    return name, flags


def has_bf16() -> bool:
    return bool(processor()[1] & {"avx512_bf16", "amx_bf16", "bf16"})


def installed_mb(package: str) -> float:
    """Size of a package's files, empty stand-ins for libraries that it never uses aside."""
    files = importlib.metadata.files(package) or []
    paths = [pathlib.Path(f.locate()) for f in files]
    return round(sum(p.stat().st_size for p in paths if p.is_file()) / 1e6, 1)


def describe(root: pathlib.Path, program: pathlib.Path) -> dict:
    name, flags = processor()
    git = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {"cpu": name, "instruction_sets": [x for x in INSTRUCTION_SETS if x in flags],
            "cores": psutil.cpu_count(logical=True), "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "system": f"{platform.system()} {platform.machine()}", "python": platform.python_version(),
            "versions": {"uml": git.stdout.strip() or "unknown"}
            | {p: importlib.metadata.version(p) for p in PACKAGES},
            "installed_mb": {"uml": round(program.stat().st_size / 1e6, 1)} | {p: installed_mb(p) for p in PACKAGES},
            "load_before": round(os.getloadavg()[0], 2)}
