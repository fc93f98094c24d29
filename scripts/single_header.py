#!/usr/bin/env python3
"""Write the library as one file: uml.hpp with every "uml/..." include put in its place. Same input, same bytes.

Usage: single_header.py INCLUDE_DIR OUT.hpp [--shims DIR]

With --shims, DIR gets a folder uml/ with a header of every name: those that are in OUT include OUT, the others are
copies. Sources written for the folder layout, such as the unit tests, then compile against OUT alone.
"""

import argparse
import pathlib
import re
import sys

ROOT = "uml/uml.hpp"
OWN = re.compile(r'^\s*#\s*include\s+"(uml/[^"]+)"')
SYSTEM = re.compile(r"^#\s*include\s+<([^>]+)>")
CONDITION = re.compile(r"^\s*#\s*(if|ifdef|ifndef|endif)\b")


class Amalgamation:
    def __init__(self, include: pathlib.Path):
        self.include = include
        self.headers: set[str] = set()
        self.system: set[str] = set()
        self.lines: list[str] = []

    def add(self, name: str) -> None:
        """Append a file. Headers come once; .inc files, which are made to be included several times, every time."""
        if name in self.headers:
            return
        if name.endswith(".hpp"):
            self.headers.add(name)
        depth = 0
        for number, line in enumerate((self.include / name).read_text(encoding="utf-8").splitlines(), 1):
            if condition := CONDITION.match(line):
                depth += -1 if condition[1] == "endif" else 1
            if own := OWN.match(line):
                if depth and own[1].endswith(".hpp") and own[1] not in self.headers:
                    sys.exit(f"{name}:{number}: {own[1]} is included under a condition only; include it before")
                self.add(own[1])
            elif line.strip() == "#pragma once":
                pass
            elif (system := SYSTEM.match(line)) and depth == 0:
                if system[1] not in self.system:
                    self.lines.append(line)
                self.system.add(system[1])
            else:
                self.lines.append(line)

    def text(self) -> str:
        version = re.search(r'UML_VERSION_STRING "([^"]+)"', (self.include / "uml/version.hpp").read_text())[1]
        licence = (self.include.parent / "LICENSE").read_text(encoding="utf-8").rstrip().splitlines()
        head = [f"// uml {version}: the whole library in one file, made from include/uml by scripts/single_header.py.", "//"]
        head += [f"// {line}".rstrip() for line in licence]
        body = re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")
        return "\n".join(head) + "\n\n#pragma once\n\n" + body + "\n"


def write_shims(folder: pathlib.Path, made: Amalgamation, out: pathlib.Path) -> None:
    for source in sorted(made.include.rglob("*")):
        name = source.relative_to(made.include).as_posix()
        if source.suffix not in (".hpp", ".inc"):
            continue
        text = f'#include "{out.resolve()}"\n' if name in made.headers else source.read_text(encoding="utf-8")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("include", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--shims", type=pathlib.Path)
    options = parser.parse_args()
    made = Amalgamation(options.include.resolve())
    made.add(ROOT)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(made.text(), encoding="utf-8")
    if options.shims:
        write_shims(options.shims, made, options.out)


if __name__ == "__main__":
    main()
