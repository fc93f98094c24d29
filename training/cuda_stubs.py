"""Let a CUDA build of PyTorch run on a machine without NVIDIA's libraries (several GB that a CPU never uses).

The Linux wheels link against NVIDIA's libraries and refuse to import without them. This writes small shared libraries
with the same names, symbols and symbol versions next to torch's own: every function returns "no device"
(cudaErrorNoDevice = 100), so torch.cuda.is_available() is False and everything on the CPU works.

Usage: python cuda_stubs.py SITE_PACKAGES/torch/lib    (needs gcc, nm and readelf)
"""

import pathlib
import re
import subprocess
import sys
import tempfile

NVIDIA = re.compile(r"lib(cu|nccl|nv)[A-Za-z_]*\.so\.\d+$")
SYMBOL = re.compile(r"^(cu[A-Z]|cuda|cublas|cudnn|cufft|curand|cusparse|cusolver|cupti|nccl|nvrtc|nvshmem|__cuda)")


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wanted(folder: pathlib.Path) -> dict[str, dict[str, set[str]]]:
    """Library name -> symbol version ("" for none) -> symbols, over all of torch's libraries."""
    libraries: dict[str, dict[str, set[str]]] = {}
    unversioned: set[str] = set()
    for file in folder.glob("*.so"):
        for name in re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", str(file))):
            if NVIDIA.match(name):
                libraries.setdefault(name, {})
        for line in output("nm", "-D", "--undefined-only", str(file)).splitlines():
            symbol, _, version = line.split()[-1].partition("@")
            version = version.lstrip("@")
            # A version is the library's own name, but NVSHMEM for libnvshmem_host.so.3.
            owner = version if version in libraries else next(
                (name for name in libraries if version and name.startswith(f"lib{version.lower()}")), None)
            if owner:
                libraries[owner].setdefault(version, set()).add(symbol)
            elif not version and SYMBOL.match(symbol):
                unversioned.add(symbol)
    # References without a version may be bound by any library that is loaded; the run-time library always is.
    runtime = next(name for name in libraries if name.startswith("libcudart"))
    versioned = set().union(*libraries[runtime].values())
    libraries[runtime][""] = unversioned - versioned
    return libraries


def build(target: pathlib.Path, versions: dict[str, set[str]]) -> None:
    symbols = sorted(set().union(*versions.values()))
    with tempfile.TemporaryDirectory() as scratch:
        source = pathlib.Path(scratch, "stub.c")
        source.write_text("".join(f"long {s}(void) {{ return 100; }}\n" for s in symbols))
        command = ["gcc", "-shared", "-fPIC", "-w", "-O1", f"-Wl,-soname,{target.name}", "-o", str(target), str(source)]
        nodes = [f"{v} {{ global: {' '.join(f'{s};' for s in sorted(names))} }};\n"
                 for v, names in versions.items() if v and names]
        if nodes:
            script = pathlib.Path(scratch, "versions")
            script.write_text("".join(nodes))
            command.append(f"-Wl,--version-script={script}")
        subprocess.run(command, check=True)


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    for name, versions in wanted(folder).items():
        build(folder / name, versions)
        print(f"{name}: {sum(map(len, versions.values()))} functions that answer 'no device'")


if __name__ == "__main__":
    main()
