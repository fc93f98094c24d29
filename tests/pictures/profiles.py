"""Colour profiles (ICC.1), and what is wrong with them."""

import struct

from table import refused


def curve(*numbers: int) -> bytes:
    """A straight line, a gamma in 1/256, or a table (ICC.1, 10.6)."""
    return b"curv" + struct.pack(f">II{len(numbers)}H", 0, len(numbers), *numbers)


def formula(kind: int, *numbers: float) -> bytes:
    """(a x + b)^g in its five forms (ICC.1, 10.18)."""
    return b"para" + struct.pack(f">IHH{len(numbers)}i", 0, kind, 0, *(round(n * 65536) for n in numbers))


def icc(*curves: tuple[bytes, bytes]) -> bytes:
    at, tags, behind = 132 + 12 * len(curves), b"", b""
    for name, body in curves:
        tags += name + struct.pack(">II", at + len(behind), len(body))
        behind += body + bytes(-len(body) % 4)
    return bytes(36) + b"acsp" + bytes(88) + struct.pack(">I", len(curves)) + tags + behind


LINEAR = icc((b"kTRC", curve()))
SRGB = formula(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
PROFILE = "a colour profile that shows a half as {} % of white, where pictures have 21 %: convert it"
PROFILES = {  # and what is wrong with them
    "srgb": (icc(*((name, SRGB) for name in (b"rTRC", b"gTRC", b"bTRC"))), 0),
    "gamma-2.2": (icc((b"kTRC", curve(563))), 0),
    "gamma-1.8": (icc((b"kTRC", curve(461))), 0),
    "table": (icc((b"kTRC", curve(0, 14000, 65535))), 0),
    "formula-0": (icc((b"kTRC", formula(0, 2.2))), 0),
    "formula-1": (icc((b"kTRC", formula(1, 2, 1, -0.04))), 0),
    "formula-2": (icc((b"kTRC", formula(2, 2, 1, -0.1, 0.05))), 0),
    "formula-4": (icc((b"kTRC", formula(4, 2.4, 1, 0, 0.1, 0.04, 0.02, 0))), 0),
    "without-curves": (icc((b"desc", b"desc" + bytes(20))), 0),
    "no-profile": (b"profile", 0),
    "cut": (LINEAR[:-4], 0),
    "linear": (LINEAR, 50),
    "gamma-1": (icc((b"kTRC", curve(256))), 50),
    "dark": (icc((b"kTRC", formula(0, 3))), 13),
    "one-linear": (icc((b"rTRC", SRGB), (b"gTRC", curve()), (b"bTRC", SRGB)), 50),
    "linear-table": (icc((b"kTRC", curve(0, 65535))), 50),
    "linear-foot": (icc((b"kTRC", formula(3, 2.4, 1, 0, 1, 0.6))), 50),
    "clipped": (icc((b"kTRC", formula(1, 2, 1, -0.6))), 0.4),
    "lifted": (icc((b"kTRC", formula(2, 2, 1, -0.6, 0.45))), 45),
    "lifted-foot": (icc((b"kTRC", formula(4, 2, 1, 0, 0.8, 0.6, 0, 0.1))), 50),
}


def profiles():
    for name, (profile, shown) in PROFILES.items():
        yield name, profile, refused(PROFILE.format(round(shown) if shown >= 1 else 0)) if shown else None
