"""PNG files, made of their parts: chunks, rows, filters."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def file(*chunks) -> bytes:
    return SIGNATURE + b"".join(chunk(*c) for c in chunks)


def packed_row(values, bits: int) -> bytes:
    number = 0
    for value in values:
        number = number << bits | value
    short = -len(values) * bits % 8
    return (number << short).to_bytes((len(values) * bits + 7) // 8, "big")


def filtered(rows: list[bytes], step: int, filters) -> bytes:
    """The rows behind their filters, which come in turns (W3C, 9.2)."""
    out, above = b"", bytes(len(rows[0]))
    for y, row in enumerate(rows):
        kind, line = filters[y % len(filters)], bytearray()
        for i, value in enumerate(row):
            left, up = row[i - step] if i >= step else 0, above[i]
            corner = above[i - step] if i >= step else 0
            guess = left + up - corner
            nearest = min((abs(guess - v), n) for n, v in enumerate((left, up, corner)))[1]
            line.append((value - (0, left, up, (left + up) // 2, (left, up, corner)[nearest])[kind]) % 256)
        out, above = out + bytes([kind]) + line, row
    return out


def data(width, height, bits, colour, samples, interlaced=False, filters=(0,)) -> bytes:
    """What is packed: `samples` are rows of numbers."""
    channels, out = CHANNELS[colour], b""
    for x, y, right, down in PASSES if interlaced else ((0, 0, 1, 1),):
        rows = [
            [v for column in range(x, width, right) for v in row[channels * column : channels * (column + 1)]]
            for row in samples[y::down]
        ]
        if rows and rows[0]:
            out += filtered([packed_row(row, bits) for row in rows], max(1, channels * bits // 8), filters)
    return out


def head(width, height, bits, colour, interlaced=False) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)


def png(bits, colour, samples, extra=(), interlaced=False, filters=(0,), behind=()) -> bytes:
    width, height = len(samples[0]) // CHANNELS[colour], len(samples)
    packed = zlib.compress(data(width, height, bits, colour, samples, interlaced, filters), 9)
    return file(head(width, height, bits, colour, interlaced), *extra, (b"IDAT", packed), *behind, (b"IEND", b""))


def exif(orientation: int, order: str = ">", kind: int = 3, count: int = 1) -> bytes:
    value = struct.pack(order + "HH", orientation, 0) if kind == 3 else struct.pack(order + "I", orientation)
    return (
        (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IHHHI", 8, 1, 274, kind, count) + value + bytes(4)
    )
