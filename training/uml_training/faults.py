"""What is wrong with data, gathered and told."""

MOST_OF_A_KIND = 5  # faults listed


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
