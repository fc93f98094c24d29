"""Which names classes and regions may have: the C++ library's rule (include/uml/model/name_rule.hpp), before it refuses
the file."""

# Control characters; separators of lines; what turns the direction of writing.
COMMANDS = [(0, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029), (0x202A, 0x202E), (0x2066, 0x2069), (0xFFF9, 0xFFFB)]
SPACES = [(0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x202F, 0x202F), (0x205F, 0x205F),
          (0x3000, 0x3000)]
# What shows nothing.
UNSEEN = [(0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
          (0x200B, 0x200F), (0x2060, 0x2065), (0x206A, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
          (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)]
MOST_BYTES = 63


def within(letter: str, ranges: list[tuple[int, int]]) -> bool:
    return any(first <= ord(letter) <= last for first, last in ranges)


def as_seen(name: str) -> str:
    seen = "".join(" " if within(c, SPACES) else c for c in name if not within(c, UNSEEN))
    return " ".join(part for part in seen.split(" ") if part)


def check_names(what: str, names: list[str]) -> None:
    """Raises ValueError, which begins with `what`, for names that look alike, show nothing or command a terminal."""
    first: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        if len(name.encode()) > MOST_BYTES:
            raise ValueError(f"{what} name {number} is longer than {MOST_BYTES} bytes")
        if any(within(c, COMMANDS) for c in name):
            raise ValueError(f"{what} name {number} holds control characters: {name!a}")
        seen = as_seen(name)
        if not seen:
            raise ValueError(f"{what} name {number} shows nothing: {name!a}")
        if seen in first:
            raise ValueError(f"{what} names {first[seen]!a} and {name!a} look alike")
        first[seen] = name
