"""make_pictures.py FOLDER: PNG files of odd sizes and kinds, with the standard library alone."""

import pathlib
import struct
import sys
import zlib


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, color: int, samples: int, bits: int = 8) -> bytes:
    row = width * samples * bits // 8
    lines = b"".join(b"\0" + bytes((x * 7 + y * 3) % 256 for x in range(row)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {"one": (1, 1, 0, 1), "wide": (1900, 3, 0, 1), "tall": (5, 700, 2, 3), "alpha": (31, 57, 6, 4),
             "grey-alpha": (40, 20, 4, 2), "rgb": (300, 200, 2, 3)}
    for name, (width, height, color, samples) in kinds.items():
        (folder / f"{name}.png").write_bytes(png(width, height, color, samples))
    (folder / "deep.png").write_bytes(png(33, 44, 0, 1, bits=16))


if __name__ == "__main__":
    main()
