"""make_cases.py SAMPLES OUT: inputs of one kind each, from the sample slices, with the standard library alone.

OUT/pictures holds one slice in many forms; OUT/data/KIND is a labelled folder whose masks, labels or names are of a kind.
What is right for each stands in the tests that use them.
"""

import pathlib
import re
import shutil
import struct
import sys
import zlib


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def write_png(path, rows, bits: int = 8, color: int = 0, extra=()) -> None:
    """`rows` are lists of samples; extra: (type, data) chunks before the pixels."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    packed = bytearray()
    for row in rows:
        number = 0
        for value in row:
            number = number << bits | value
        short = -len(row) * bits % 8
        packed += b"\0" + (number << short).to_bytes((len(row) * bits + 7) // 8, "big")
    head = struct.pack(">IIBBBBB", len(rows[0]) // channels, len(rows), bits, color, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunk(*c) for c in extra) +
                     chunk(b"IDAT", zlib.compress(bytes(packed))) + chunk(b"IEND", b""))


def write_tiff_16(path, rows) -> None:
    """Grey, 0 is black, one strip."""
    width, height = len(rows[0]), len(rows)
    tags = ((256, width), (257, height), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (278, height),
            (279, 2 * width * height))
    pixels = b"".join(struct.pack(f"<{width}H", *row) for row in rows)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + struct.pack("<H", len(tags)) +
                     b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags) + bytes(4))


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def write_interlaced(path, rows) -> None:
    packed = b"".join(b"\0" + bytes(row[x::step_x]) for x, y, step_x, step_y in ADAM7 for row in rows[y::step_y])
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 1)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(packed)) +
                     chunk(b"IEND", b""))


def read_png(path):
    """Rows of a PNG with one channel of 8 bits or fewer."""
    data, at, pixels = path.read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, bits, color = struct.unpack(">IIBB", body[:10])
        if kind == b"IDAT":
            pixels += body
        at += 12 + length
    assert color in (0, 3), path
    pixels, stride = zlib.decompress(pixels), (width * bits + 7) // 8
    before, rows = bytearray(stride), []
    for y in range(height):
        kind, line = pixels[y * (stride + 1)], bytearray(pixels[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left, up, corner = (line[i - 1] if i else 0), before[i], (before[i - 1] if i else 0)
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda v: (abs(guess - v)))
            line[i] = (line[i] + [0, left, up, (left + up) // 2, paeth][kind]) & 255
        before = line
        per = 8 // bits
        rows.append([line[x // per] >> 8 - bits * (x % per + 1) & (1 << bits) - 1 for x in range(width)])
    return rows


def each(rows, f):
    return [[f(v) for v in row] for row in rows]


def flat(rows, f):
    return [[s for v in row for s in f(v)] for row in rows]


def exif(orientation: int) -> bytes:
    return b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 274, 3, 1, orientation, 0) + b"\0\0\0\0"


def pictures(grey, folder) -> None:
    folder.mkdir(parents=True)
    # Its full range, so that 16 bits of it use theirs.
    most = max(map(max, grey))
    grey = each(grey, lambda v: v * 255 // most)
    grey_palette = b"".join(bytes([v, v, v]) for v in range(256))
    opaque = lambda v: 255 if v > 8 else 0
    write_png(folder / "plain.png", grey)
    write_interlaced(folder / "same-interlaced.png", grey)
    write_png(folder / "same-16-bit.png", each(grey, lambda v: v * 257), 16)
    write_png(folder / "same-color.png", flat(grey, lambda v: (v, v, v)), 8, 2)
    write_png(folder / "same-color-16-bit.png", flat(grey, lambda v: (v * 257,) * 3), 16, 2)
    write_png(folder / "same-palette.png", each(grey, lambda v: 255 - v), 8, 3, [(b"PLTE", grey_palette[::-1])])
    write_png(folder / "same-opaque.png", flat(grey, lambda v: (v, 255)), 8, 4)
    write_png(folder / "same-sbit.png", each(grey, lambda v: v * 16 + 8), 16, 0, [(b"sBIT", b"\x0c")])
    write_png(folder / "same-turned.png", [list(r) for r in zip(*grey)][::-1], 8, 0, [(b"eXIf", exif(6))])
    write_png(folder / "black-white.png", flat(grey, lambda v: (v if opaque(v) else 255,) * 3 + (opaque(v),)), 8, 6)
    write_png(folder / "black-grey.png", each(grey, lambda v: v if opaque(v) else 0))
    write_png(folder / "levels-12-bit.png", each(grey, lambda v: v * 16 + 8), 16)
    write_tiff_16(folder / "levels-12-bit.tif", each(grey, lambda v: v * 16 + 8))
    write_png(folder / "levels-offset.png", each(grey, lambda v: 32768 + v * 16), 16)
    write_png(folder / "refused-gamma.png", grey, 8, 0, [(b"gAMA", struct.pack(">I", 100000))])
    write_png(folder / "refused-wide.png", [[0] * 40000] * 3)
    good = (folder / "plain.png").read_bytes()
    start = good.index(b"IDAT") + 4
    for part in (1, 3, 5):
        broken = bytearray(good)
        broken[start + (len(good) - start) * part // 6] ^= 0x10
        (folder / f"refused-flip-{part}.png").write_bytes(broken)
    (folder / "refused-cut.png").write_bytes(good[:-12])


MASKS = {
    "8bit_0_255": lambda m, f: write_png(f, each(m, lambda v: v * 255)),
    "8bit_0_1": lambda m, f: write_png(f, m),
    "16bit_0_1": lambda m, f: write_png(f, m, 16),
    "16bit_0_255": lambda m, f: write_png(f, each(m, lambda v: v * 255), 16),
    "16bit_0_65535": lambda m, f: write_png(f, each(m, lambda v: v * 65535), 16),
    "1bit": lambda m, f: write_png(f, m, 1),
    "2bit_0_1": lambda m, f: write_png(f, m, 2),
    "4bit_0_15": lambda m, f: write_png(f, each(m, lambda v: v * 15), 4),
    "palette_dark": lambda m, f: write_png(f, m, 8, 3, [(b"PLTE", bytes([0, 0, 0, 128, 0, 0]))]),
    "palette_2bit": lambda m, f: write_png(f, m, 2, 3, [(b"PLTE", bytes([9, 9, 9, 0, 0, 0]))]),
    "color_0_255": lambda m, f: write_png(f, flat(m, lambda v: (v * 255,) * 3), 8, 2),
    "tiff_16bit_0_255": lambda m, f: write_tiff_16(f.with_suffix(".tif"), each(m, lambda v: v * 255)),
    "refused_0_2": lambda m, f: write_png(f, each(m, lambda v: v * 2)),
    "refused_0_128": lambda m, f: write_png(f, each(m, lambda v: v * 128)),
    "refused_16bit_0_256": lambda m, f: write_png(f, each(m, lambda v: v * 256), 16),
    "refused_red": lambda m, f: write_png(f, flat(m, lambda v: (v * 255, 0, 0)), 8, 2),
    "refused_transparent": lambda m, f: write_png(f, flat(m, lambda v: (255, v * 255)), 8, 4),
}
CLASSES = ["meningioma", "glioma", "pituitary"]


def labelled(samples, folder, save=MASKS["8bit_0_255"], lines=None) -> None:
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    table = ["id,label,name"]
    for image in samples:
        name = image.stem.split("-")[0]
        shutil.copy(image, folder / "images" / image.name)
        save(each(read_png(image.parent / "masks" / image.name), lambda v: int(v > 0)), folder / "masks" / image.name)
        table.append(f"{image.stem},{CLASSES.index(name)},{name}")
    text = "\n".join(lines(table) if lines else table) + "\n"
    (folder / "labels.csv").write_bytes(text.encode(errors="surrogateescape"))


def renumbered(table):
    return table[:1] + [row.replace(",0,", ",9,").replace(",1,", ",0,").replace(",9,", ",1,") for row in table[1:]]


LABELS = {
    "right-semicolons": lambda t: ["\ufeff" + t[0].replace(",", ";")] + [r.replace(",", ";") for r in t[1:]],
    "right-quoted": lambda t: t[:1] + [f'"{r.split(",")[0]}",{r.split(",", 1)[1]}\r' for r in t[1:]],
    "right-no-names": lambda t: t[:1] + [r.rsplit(",", 1)[0] + "," for r in t[1:]],
    "right-case": lambda t: t[:1] + [r.replace(",glioma", ",Glioma") for r in t[1:]],
    "right-backslashes": lambda t: [t[0] + ",path"] + [r + r",D:\x12\x5c" for r in t[1:]],
    "wrong-renumbered": renumbered,
    "wrong-unknown-name": lambda t: t[:1] + [r.replace(",glioma", ",lymphoma") for r in t[1:]],
    "wrong-quote": lambda t: t[:1] + [t[1].rsplit(",", 1)[0] + ',"' + t[1].rsplit(",", 1)[1]] + t[2:],
    "wrong-latin": lambda t: t[:1] + [t[1].rsplit(",", 1)[0] + ",gl\udcefoma"] + t[2:],
    "wrong-returns": lambda t: ["\r".join(t)],
    "wrong-number": lambda t: t[:1] + [re.sub(",([0-2]),", r",-\1,", r) for r in t[1:]],
    "wrong-fields": lambda t: t[:2] + [t[2] + ",more"] + t[3:],
    "fewer-rows": lambda t: t[:-1],
}


def main() -> None:
    samples_folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    samples = sorted(samples_folder.glob("*.png"))[::2]
    pictures(read_png(samples_folder / "glioma-2009.png"), out / "pictures")
    for name, save in MASKS.items():
        labelled(samples, out / "masks" / name, save)
    for name, lines in LABELS.items():
        labelled(samples, out / "labels" / name, lines=lines)


if __name__ == "__main__":
    main()
