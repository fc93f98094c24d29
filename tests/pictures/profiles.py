"""Colour profiles (ICC.1), and what is wrong with them."""

import struct

from table import refused


def curve(*numbers: int) -> bytes:
    """A straight line, a gamma in 1/256, or a table (ICC.1, 10.6)."""
    return b"curv" + struct.pack(f">II{len(numbers)}H", 0, len(numbers), *numbers)


def formula(kind: int, *numbers: float) -> bytes:
    """(a x + b)^g in its five forms (ICC.1, 10.18)."""
    return b"para" + struct.pack(f">IHH{len(numbers)}i", 0, kind, 0, *(round(n * 65536) for n in numbers))


def icc(*curves: tuple[bytes, bytes], space: bytes = bytes(4), identity: bytes = bytes(16)) -> bytes:
    at, tags, behind = 132 + 12 * len(curves), b"", b""
    for name, body in curves:
        tags += name + struct.pack(">II", at + len(behind), len(body))
        behind += body + bytes(-len(body) % 4)
    head = bytes(16) + space + bytes(16) + b"acsp" + bytes(44) + identity + bytes(28)
    return head + struct.pack(">I", len(curves)) + tags + behind


LINEAR = icc((b"kTRC", curve()))
SRGB = formula(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
PROFILE = "a colour profile that shows a half as {} % of white, where pictures have 21 %: convert it"
TABLES = refused("a colour profile of look-up tables alone: convert it to sRGB or grey")
LUT = b"mft1" + bytes(44)
SRGB_TABLES = {  # of the ICC, by their IDs
    "preference": "34562abf994ccd066d2c5721d0d68c5d",
    "display": "fc66337837e2886bfd72e9838228f1b8",
}
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
    "inks": (icc((b"A2B0", LUT), space=b"CMYK"), 0),
    "tables-cut": (icc((b"A2B0", LUT), space=b"RGB ")[:-4], 0),
    "tables-back": (icc((b"B2A0", LUT), space=b"RGB "), 0),
    "tables-and-curves": (icc((b"A2B0", LUT), (b"kTRC", curve(563)), space=b"GRAY"), 0),
    **{
        f"tables-{name}": (icc((b"A2B0", LUT), space=b"RGB ", identity=bytes.fromhex(digits)), 0)
        for name, digits in SRGB_TABLES.items()
    },
    **{
        f"tables-{n}-{space.strip().decode().lower()}": (icc((b"A2B%d" % n, LUT), space=space), TABLES)
        for n, space in ((0, b"RGB "), (1, b"RGB "), (2, b"RGB "), (0, b"GRAY"))
    },
    "tables-and-linear": (icc((b"A2B0", LUT), (b"kTRC", curve()), space=b"GRAY"), 50),
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
        if isinstance(shown, str):
            yield name, profile, shown
        else:
            yield name, profile, refused(PROFILE.format(round(shown) if shown >= 1 else 0)) if shown else None
