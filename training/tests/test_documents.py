"""The commands in the texts: every one is one that uml-train takes; README's first block is run on a tiny folder."""

import pathlib
import re
import shlex
import subprocess

import pytest

from uml_training import cli

ROOT = pathlib.Path(__file__).parents[2]


def commands(text: str) -> list[list[str]]:
    """The arguments of every `uml-train` in the blocks for a shell, as a shell would pass them."""
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        lines = [line for line in block.replace("\\\n", " ").splitlines() if re.match(r"uml-train |[a-z]+=", line)]
        shell = "uml-train() { printf '%q ' \"$@\"; echo; }\n" + "\n".join(lines)
        printed = subprocess.run(["bash", "-euc", shell], capture_output=True, text=True, check=True).stdout
        found += [shlex.split(line) for line in printed.splitlines()]
    return found


@pytest.mark.parametrize("file", ["training/README.md", "weights/brain-mri-edge.md", "docs/claim.md",
                                  "docs/own-network.md"])
def test_every_command_is_one(file):
    found = commands((ROOT / file).read_text())
    assert found
    for arguments in found:
        cli.parser().parse_args(arguments)  # exits where an option is unknown


def test_readmes_first_block_runs(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights").mkdir()
    block = re.search(r"^```sh\n.*?^```", (ROOT / "training/README.md").read_text(), re.M | re.S).group()
    small = {"fit": ["--size", "32", "--divisor", "16", "--epochs", "1", "--batch", "4", "--threads", "1"]}
    ran = []
    for arguments in commands(block):
        # The authors' file, a GPU, a file of version 0.1: test_run.py, test_sweep.py, test_update.py.
        if arguments[0] not in ("convert", "sweep", "update"):
            ran.append(arguments[0])
            assert cli.main([str(tiny) if a == "FOLDER" else a for a in arguments] + small.get(arguments[0], [])) == 0
    assert ran == ["fit", "export", "evaluate"]
    assert (tmp_path / "val.json").is_file()
