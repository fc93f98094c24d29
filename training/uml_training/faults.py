"""What is wrong with data, gathered and told."""

from .names import COMMANDS, within

MOST_OF_A_KIND = 5  # faults listed
TURNS = [(0x61C, 0x61C), (0x200E, 0x200F)]  # the direction of writing, beside those of COMMANDS


def printable(text: str) -> str:
    """For a terminal: nothing that moves the cursor, colours what follows or turns it, as the C++ programs print it."""
    def shown(c: str) -> str:
        if 0xDC80 <= ord(c) <= 0xDCFF:  # a byte of a name that is not UTF-8
            return f"\\x{ord(c) - 0xDC00:02x}"
        if c == "\n" or not within(c, COMMANDS + TURNS):
            return c
        return f"\\x{ord(c):02x}" if c.isascii() else f"\\u{{{ord(c):04x}}}"
    return "".join(map(shown, text))


class DataError(Exception):
    """Something about the data that its owner must mend; the message names files and rules."""


class Faults:
    """Everything that is wrong, gathered before anything is refused: a few of each kind and how many more."""

    def __init__(self) -> None:
        self.kinds: dict[str, list[str]] = {}

    def add(self, kind: str, text: str) -> None:
        self.kinds.setdefault(kind, []).append(text)

    def complain(self, where: object) -> None:
        """Errors: DataError with the whole list, if there is any."""
        lines = []
        for texts in self.kinds.values():
            lines += texts[:MOST_OF_A_KIND]
            if len(texts) > MOST_OF_A_KIND:
                lines.append(f"and {len(texts) - MOST_OF_A_KIND} more like this")
        if lines:
            raise DataError(f"{where}:\n  " + "\n  ".join(lines))
