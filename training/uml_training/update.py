"""`uml-train update`: a weights file of version 0.1 with the fields that readers enforce in place of a sentence."""

import argparse
import json
import pathlib

from . import whole
from .networks import Config
from .weights_file import input_rule, read


def sentence(config: Config, size: str) -> str:
    """What version 0.1 wrote of a network's pictures."""
    kind = "grey" if config.channels_in == 1 else "RGB"
    return f"{kind}, value / 255, resized with Pillow's bilinear filter to {size}"


def updated(content: bytes, rule: dict[str, object]) -> bytes:
    """The file with this `uml.input`: all else, the tensors' bytes above all, as it was."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + length])
    header["__metadata__"]["uml.input"] = json.dumps(rule)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length:]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)


def main(args: argparse.Namespace) -> int:
    _, config, _, metadata = read(args.weights)
    said = metadata.get("uml.input", "")
    if said not in [sentence(config, f"{a}x{b}") for a, b in ((config.height, config.width),
                                                              (config.width, config.height))]:
        raise ValueError(f"{args.weights}: uml.input is not the sentence of version 0.1, but '{said}': what its "
                         "pictures were is not known")
    content = updated(args.weights.read_bytes(), input_rule(config.channels_in))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    whole.replace(args.out, lambda scratch: scratch.write_bytes(content))
    return 0
