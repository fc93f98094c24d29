"""Colour profiles (ICC.1:2022): their curves, of which only one point is asked for; examples/support/profile.cpp."""

import math
import struct

USUAL = 0.214  # of sRGB
PARAMETERS = (1, 3, 4, 5, 7)


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


def half(icc: bytes) -> float | None:
    """What the profile shows a sample of a half as, from 0 (black) to 1 (white's light); of several curves the most
    unusual. None where it does not say."""
    found = None
    if len(icc) < 132 or icc[36:40] != b"acsp":
        return None
    for i in range(min(int.from_bytes(icc[128:132], "big"), (len(icc) - 132) // 12)):
        name, at, size = struct.unpack(">4sII", icc[132 + 12 * i:144 + 12 * i])
        curve = icc[at:at + size]
        if name not in (b"kTRC", b"rTRC", b"gTRC", b"bTRC") or size < 12 or len(curve) != size:
            continue
        one = table(curve) if curve[:4] == b"curv" else formula(curve) if curve[:4] == b"para" else None
        if one is not None and (found is None or abs(one - USUAL) > abs(found - USUAL)):
            found = one
    return found
