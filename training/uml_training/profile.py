"""Colour profiles (ICC.1:2022): their curves, of which only one point is asked for; examples/support/profile.cpp."""

import math
import struct
from dataclasses import dataclass

USUAL = 0.214  # of sRGB
PARAMETERS = (1, 3, 4, 5, 7)
# sRGB in look-up tables, as the ICC publishes it (preference, and of the display class), by its ID (7.2.18).
USUAL_TABLES = (bytes.fromhex("34562abf994ccd066d2c5721d0d68c5d"), bytes.fromhex("fc66337837e2886bfd72e9838228f1b8"))


@dataclass(frozen=True)
class Profile:
    """What a picture's profile says of its greys."""

    half: float | None = None  # the light of a sample of a half, from 0 (black) to 1 (white); None where not said
    tables: bool = False       # says it by look-up tables alone, which are not read

    @property
    def there(self) -> bool:
        return self.half is not None or self.tables


def table(curve: bytes) -> float | None:
    """10.6: no entry is a straight line, one is a gamma, more are a table."""
    count = int.from_bytes(curve[8:12], "big")
    if count > (len(curve) - 12) // 2:
        return None
    values = struct.unpack(f">{count}H", curve[12:12 + 2 * count])
    if count < 2:
        return 0.5 ** (values[0] / 256) if values else 0.5
    return (values[(count - 1) // 2] + values[count // 2]) / (2 * 65535)


def formula(curve: bytes) -> float | None:
    """10.18: five forms of (a x + b)^g."""
    kind, x = int.from_bytes(curve[8:10], "big"), 0.5
    if kind > 4 or len(curve) < 12 + 4 * PARAMETERS[kind]:
        return None
    said = [n / 65536 for n in struct.unpack(f">{PARAMETERS[kind]}i", curve[12:12 + 4 * PARAMETERS[kind]])]
    g, a, b, c, d, e, f = said + [1, 1, 0, 0, 0, 0, 0][len(said):]
    try:
        power = max(0.0, a * x + b) ** g
    except (OverflowError, ZeroDivisionError):
        return None
    curved = a * x + b >= 0 if kind < 3 else x >= d
    if kind == 2:
        y = power + c if curved else c
    elif kind == 4:
        y = power + e if curved else c * x + f
    else:
        y = power if curved else c * x if kind == 3 else 0.0
    return y if math.isfinite(y) else None


def read(icc: bytes) -> Profile:
    """Of several curves the most unusual. Where it has look-up tables too, its curves say nearly the same. One that is
    damaged or of another colour space says nothing, as viewers have it."""
    found, tables = None, False
    if len(icc) < 132 or icc[36:40] != b"acsp":
        return Profile()
    if icc[84:100] in USUAL_TABLES:
        return Profile(USUAL)
    for i in range(min(int.from_bytes(icc[128:132], "big"), (len(icc) - 132) // 12)):
        name, at, size = struct.unpack(">4sII", icc[132 + 12 * i:144 + 12 * i])
        curve = icc[at:at + size]
        if size < 12 or len(curve) != size:
            continue
        tables |= name in (b"A2B0", b"A2B1", b"A2B2")
        if name not in (b"kTRC", b"rTRC", b"gTRC", b"bTRC"):
            continue
        one = table(curve) if curve[:4] == b"curv" else formula(curve) if curve[:4] == b"para" else None
        if one is not None and (found is None or abs(one - USUAL) > abs(found - USUAL)):
            found = one
    # Those of inks, in a picture of light, say nothing.
    return Profile(found, tables and found is None and icc[16:20] in (b"GRAY", b"RGB "))
