"""TIFF files of every kind, and what each is (Adobe, revision 6.0; BigTIFF)."""

import struct
import zlib

from profiles import profiles
from table import NO_REGIONS, picture, refused

ROWS = [[0, 1, 200], [255, 7, 9]]
SHORT, LONG, LONG8 = 3, 4, 16


def tiff(samples=ROWS, bits=8, order="<", big=False, pack=None, rows=0, changes=(), left_out=(), more=b""):
    """`changes`: tag -> (type, numbers). A strip has `rows` rows."""
    height, width = len(samples), len(samples[0])
    strips = []
    for first in range(0, height, rows or height):
        part = samples[first : first + (rows or height)]
        strips.append(
            (pack or (lambda lines, order: b"".join(lines)))(
                [struct.pack(f"{order}{width}{'B' if bits == 8 else 'H'}", *row) for row in part], order
            )
        )
    start = 16 if big else 8
    offsets = [start + sum(map(len, strips[:i])) for i in range(len(strips))]
    tags = {
        256: (SHORT, [width]),
        257: (LONG, [height]),
        258: (SHORT, [bits]),
        259: (SHORT, [1]),
        262: (SHORT, [1]),
        273: (LONG, offsets),
        277: (SHORT, [1]),
        278: (SHORT, [rows or height]),
        279: (LONG, list(map(len, strips))),
    }
    tags.update(changes)
    tags = sorted((tag, value) for tag, value in tags.items() if tag not in left_out)
    body = b"".join(strips)
    body += bytes(-len(body) % 8)
    at = start + len(body)
    word, code, count = (8, "Q", "Q") if big else (4, "I", "H")
    head = (b"II" if order == "<" else b"MM") + (
        struct.pack(order + "HHHQ", 43, 8, 0, at) if big else struct.pack(order + "HI", 42, at)
    )
    entries, beyond = b"", b""
    behind = at + struct.calcsize(order + count) + len(tags) * (20 if big else 12) + word
    for tag, (kind, numbers) in tags:
        values = struct.pack(
            f"{order}{len(numbers)}{ {1: 'B', 7: 'B', SHORT: 'H', LONG: 'I', 13: 'I', LONG8: 'Q'}[kind] }", *numbers
        )
        if len(values) > word:
            field, beyond = struct.pack(order + code, behind + len(beyond)), beyond + values
        else:
            field = values.ljust(word, b"\0")
        entries += struct.pack(f"{order}HH{code}", tag, kind, len(numbers)) + field
    return head + body + struct.pack(order + count, len(tags)) + entries + (more or bytes(word)) + beyond


def lzw(lines, order):
    """Codes of nine bits alone: the table is cleared before it needs more."""
    data, bits = b"".join(lines), ""
    for i, value in enumerate(data):
        bits += format(256, "09b") * (i % 200 == 0) + format(value, "09b")
    bits += format(257, "09b")
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def lzw_strings(lines, order):
    """Codes of strings, as the format's appendix has it: wider ones from the 511th, the 1023rd and the 2047th on, all
    forgotten before there are 4096."""
    bits, table, last, width = format(256, "09b"), {}, b"", 9
    for value in b"".join(lines):
        if not last or last + bytes([value]) in table:
            last += bytes([value])
            continue
        bits += format(table.get(last, last[0]), f"0{width}b")
        table[last + bytes([value])] = 258 + len(table)
        last = bytes([value])
        if 258 + len(table) == (1 << width):
            width += 1
        if 258 + len(table) == 4095:
            bits += format(256, f"0{width}b")
            table, width = {}, 9
    bits += format(table.get(last, last[0]), f"0{width}b")
    if 258 + len(table) + 1 == (1 << width):
        width += 1
    bits += format(257, f"0{width}b")
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def packbits(lines, order):
    return b"".join(bytes([len(line) - 1]) + line for line in lines)


def codes_of_nine_bits(*codes):
    bits = "".join(format(code, "09b") for code in codes)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def noise(height, width):
    """Enough of it to fill LZW's table, with runs that grow."""
    state, rows = 1, []
    for y in range(height):
        row = []
        for _ in range(width - y):
            state = (state * 1103515245 + 12345) % (1 << 31)
            row.append(state >> 16 & 255)
        rows.append(row + [y] * y)
    return rows


def deflated(lines, order):
    return zlib.compress(b"".join(lines))


def differences(pack, bits):
    def packed(lines, order):
        code = f"{order}{len(lines[0]) // (bits // 8)}{'B' if bits == 8 else 'H'}"
        rows = [struct.unpack(code, line) for line in lines]
        return pack(
            [
                struct.pack(code, row[0], *[(b - a) % (1 << bits) for a, b in zip(row, row[1:], strict=False)])
                for row in rows
            ],
            order,
        )

    return packed


PACKINGS = {
    "plain": (None, {}),
    "packbits": (packbits, {259: (SHORT, [32773])}),
    "lzw": (lzw, {259: (SHORT, [5])}),
    "deflate": (deflated, {259: (SHORT, [8])}),
    "deflate-old": (deflated, {259: (SHORT, [32946])}),
}


def what_is_read():
    eight, inverse = picture(ROWS), picture([[255 - v for v in row] for row in ROWS])
    deep = [[v * 257 for v in row] for row in ROWS]
    black_is = {262: (SHORT, [0])}
    for order, letter in (("<", "ii"), (">", "mm")):
        for name, (pack, tags) in PACKINGS.items():
            yield f"{letter}-8-{name}", tiff(order=order, pack=pack, changes=tags), eight, NO_REGIONS
            yield f"{letter}-16-{name}", tiff(deep, 16, order, pack=pack, changes=tags), eight, NO_REGIONS
            yield (
                f"{letter}-16-{name}-white",
                tiff(deep, 16, order, pack=pack, changes=tags | black_is),
                inverse,
                NO_REGIONS,
            )
            if name in ("lzw", "deflate"):
                predicted = tags | {317: (SHORT, [2])}
                yield (
                    f"{letter}-8-{name}-predicted",
                    tiff(order=order, pack=differences(pack, 8), changes=predicted),
                    eight,
                    NO_REGIONS,
                )
                yield (
                    f"{letter}-16-{name}-predicted",
                    tiff(deep, 16, order, pack=differences(pack, 16), changes=predicted),
                    eight,
                    NO_REGIONS,
                )
        yield f"{letter}-8-white", tiff(order=order, changes=black_is), inverse, NO_REGIONS
        yield f"{letter}-big", tiff(order=order, big=True), eight, NO_REGIONS
        yield f"{letter}-big-16", tiff(deep, 16, order, big=True, rows=1), eight, NO_REGIONS
    yield "mask", tiff([[0, 255], [255, 0]]), picture([[0, 255], [255, 0]]), picture([[0, 1], [1, 0]])
    yield "strips", tiff(rows=1), eight, NO_REGIONS
    yield "rows-of-a-strip-beyond", tiff(changes={278: (LONG, [0xFFFFFFFF])}), eight, NO_REGIONS
    yield "no-rows-of-a-strip", tiff(left_out=(278,)), eight, NO_REGIONS
    three = ROWS + ROWS[:1]
    filled = tiff(three + ROWS[:1], rows=2, changes={257: (LONG, [3])})
    yield "last-strip-filled-up", filled, picture(three), NO_REGIONS
    yield "bytes-behind-end", tiff() + b"and more", eight, NO_REGIONS
    strings, runs = noise(80, 80), [[5] * 9, [6] * 9]
    yield "lzw-strings", tiff(strings, pack=lzw_strings, changes=PACKINGS["lzw"][1]), picture(strings), NO_REGIONS
    for name, data in (
        ("lzw-itself", codes_of_nine_bits(256, 5, 258, 259, 256, 5, 258, 6, 256, 6, 258, 259, 6, 6, 257)),
        ("lzw-no-end", codes_of_nine_bits(256, 5, 258, 259, 5, 5, 5, 6, 264, 265, 6, 6, 6)),
        ("packbits-runs", bytes([248, 5, 128, 0, 6, 255, 6, 128, 251, 6])),
        ("packbits-even", bytes([248, 5, 248, 6, 0])),
    ):
        changes = PACKINGS[name.split("-")[0]][1]
        yield name, tiff(runs, pack=lambda lines, o, data=data: data, changes=changes), picture(runs), NO_REGIONS
    yield "one-slice", tiff(changes={32997: (LONG, [1])}), eight, NO_REGIONS
    yield "resolutions", tiff(changes={296: (SHORT, [2])}), eight, NO_REGIONS
    for name, icc, no in profiles():
        yield f"icc-{name}", tiff(changes={34675: (7, list(icc))}), no or eight, NO_REGIONS
    upright = [[1, 2, 3], [4, 5, 6]]
    for orientation, rows in ((3, [[6, 5, 4], [3, 2, 1]]), (6, [[4, 1], [5, 2], [6, 3]]), (9, upright)):
        yield (
            f"orientation-{orientation}",
            tiff(upright, changes={274: (SHORT, [orientation])}),
            picture(rows),
            NO_REGIONS,
        )
    yield (
        "12-in-16",
        tiff([[8, 4088]], 16),
        refused("16 bits a sample, of which only values from 8 to 4088 are used"),
        NO_REGIONS,
    )


CANNOT = "damaged: its packed pixels cannot be unpacked"


def what_is_not_read():
    grey, bits = (
        "TIFF is read where it is grey, without colours and transparency",
        "TIFF is read with whole numbers of 8 or 16",
    )
    strips, cut = (
        "damaged: another number of strips than its size needs",
        "damaged: not the TIFF that its header promises",
    )
    good, flipped = tiff(), bytearray(tiff(pack=deflated, changes=PACKINGS["deflate"][1]))
    flipped[8 + 2] ^= 1
    packed = PACKINGS["deflate"][1]

    def tags(**changes):
        return {int(name[1:]): value for name, value in changes.items()}

    for name, file, sentence in (
        ("two-pictures", tiff(more=struct.pack("<I", 8)), "several pictures in one TIFF file"),
        ("smaller-picture-within", tiff(changes=tags(t330=(LONG, [8]))), "several pictures in one TIFF file"),
        ("pictures-within", tiff(changes=tags(t330=(13, [8, 9]))), "several pictures in one TIFF file"),
        ("slices", tiff(changes=tags(t32997=(LONG, [2]))), "several pictures in one TIFF file"),
        ("slices-short", tiff(order=">", changes=tags(t32997=(SHORT, [3]))), "several pictures in one TIFF file"),
        ("rgb", tiff(changes=tags(t262=(SHORT, [2]), t277=(SHORT, [3]), t258=(SHORT, [8, 8, 8]))), grey),
        ("palette", tiff(changes=tags(t262=(SHORT, [3]))), grey),
        ("lab", tiff(changes=tags(t262=(SHORT, [8]))), grey),
        ("alpha", tiff(changes=tags(t277=(SHORT, [2]), t338=(SHORT, [2]))), grey),
        ("transparency", tiff(changes=tags(t338=(SHORT, [0]))), grey),
        ("no-colour", tiff(left_out=(262,)), "damaged: it does not say whether 0 is black or white"),
        ("no-bits", tiff(left_out=(258,)), bits),
        ("1-bit", tiff(changes=tags(t258=(SHORT, [1]))), bits),
        ("12-bit", tiff(changes=tags(t258=(SHORT, [12]))), bits),
        ("32-bit", tiff(changes=tags(t258=(SHORT, [32]))), bits),
        ("signed", tiff(changes=tags(t339=(SHORT, [2]))), bits + " bits; this one has 8 bits of another kind"),
        ("float", tiff(changes=tags(t258=(SHORT, [32]), t339=(SHORT, [3]))), bits),
        (
            "tiles",
            tiff(changes=tags(t322=(SHORT, [16]), t323=(SHORT, [16]), t324=(LONG, [8])), left_out=(273, 279)),
            "TIFF in tiles is not read",
        ),
        ("jpeg", tiff(changes=tags(t259=(SHORT, [7]))), "TIFF of compression 7 is not read"),
        ("fax", tiff(changes=tags(t259=(SHORT, [4]))), "TIFF of compression 4 is not read"),
        (
            "predictor-of-floats",
            tiff(pack=deflated, changes=packed | tags(t317=(SHORT, [3]))),
            "TIFF of predictor 3 is not read with compression 8",
        ),
        (
            "predictor-of-plain",
            tiff(changes=tags(t317=(SHORT, [2]))),
            "TIFF of predictor 2 is not read with compression 1",
        ),
        ("reversed", tiff(changes=tags(t266=(SHORT, [2]))), "TIFF with its bits in reverse is not read"),
        ("no-strips", tiff(left_out=(273,)), strips),
        ("no-sizes", tiff(left_out=(279,)), strips),
        ("strips-missing", tiff(ROWS * 2, rows=1, changes=tags(t257=(LONG, [5]))), strips),
        ("no-rows", tiff(changes=tags(t278=(LONG, [0]))), strips),
        ("short-strip", tiff(changes=tags(t279=(LONG, [5]))), "damaged: a strip of 5 bytes, where its rows have 6"),
        ("long-strip", tiff(changes=tags(t279=(LONG, [7]))), "damaged: a strip of 7 bytes, where its rows have 6"),
        ("other-width", tiff(changes=tags(t256=(SHORT, [2]))), "damaged: a strip of 6 bytes, where its rows have 4"),
        ("strip-outside", tiff(changes=tags(t273=(LONG, [1 << 20]))), "damaged: a strip lies outside the file"),
        (
            "strip-far-outside",
            tiff(changes=tags(t273=(LONG8, [(1 << 64) - 8]))),
            "damaged: a strip lies outside the file",
        ),
        ("no-width", tiff(left_out=(256,)), "damaged: no pixels"),
        ("two-widths", tiff(changes=tags(t256=(SHORT, [3, 3]))), "damaged: its size is no number"),
        ("too-wide", tiff(changes=tags(t256=(LONG, [40000]))), "40000 x 2 pixels; at most 32768"),
        ("width-of-bytes", tiff(changes=tags(t256=(1, [3]))), "damaged: tag 256 is no number"),
        ("cut", good[:40], cut),
        ("head", good[:8], cut),
        ("no-directory", b"II*\0" + bytes([255] * 4) + bytes(20), cut),
        ("many-tags", good[:16] + b"\xff\xff" + good[18:], cut),
        ("tag-twice", good.replace(struct.pack("<HH", 277, 3), struct.pack("<HH", 256, 3)), "damaged: tag 256 twice"),
        ("big-odd", b"II+\0\4\0\0\0" + tiff(big=True)[8:], cut),
        (
            "rows-missing",
            tiff(pack=lambda lines, o: deflated(lines[:1], o), changes=packed),
            "damaged: fewer rows of pixels than its header says",
        ),
        (
            "rows-beyond",
            tiff(pack=lambda lines, o: deflated(lines + lines, o), changes=packed),
            "damaged: more rows of pixels than its header says",
        ),
        (
            "no-sum",
            tiff(pack=lambda lines, o: deflated(lines, o)[:-4], changes=packed),
            "damaged: its packed pixels cannot be unpacked",
        ),
        ("flipped", bytes(flipped), "damaged: "),
        ("two-depths", tiff(changes=tags(t258=(SHORT, [8, 8]))), "damaged: tag 258 has several numbers"),
        ("two-packings", tiff(changes=tags(t259=(SHORT, [1, 5]))), "damaged: tag 259 has several numbers"),
        (
            "profile-twice",
            tiff(changes=tags(t34674=(7, [0] * 5), t34675=(7, [0] * 5))).replace(
                struct.pack("<HH", 34674, 7), struct.pack("<HH", 34675, 7)
            ),
            "damaged: tag 34675 twice",
        ),
        (
            "strips-shared",
            tiff([[0] * 99], rows=1, changes=tags(t257=(SHORT, [40]), t273=(LONG, [8] * 40), t279=(LONG, [99] * 40))),
            "damaged: strips lie in each other",
        ),
        *(
            (name, tiff(pack=lambda lines, o, data=data: data, changes=PACKINGS[name.split("-")[0]][1]), sentence)
            for name, data, sentence in (
                ("lzw-cut", codes_of_nine_bits(256, 0, 1, 200), "damaged: fewer rows of pixels than its header says"),
                ("lzw-ended", codes_of_nine_bits(256, 0, 1, 200, 257, 255, 7, 9, 257), "damaged: fewer rows of pixels"),
                ("lzw-more", codes_of_nine_bits(256, 0, 1, 200, 255, 258, 7, 257), "damaged: more rows of pixels"),
                ("lzw-no-clear", codes_of_nine_bits(0, 1, 200, 255, 7, 9, 257), CANNOT),
                ("lzw-beyond", codes_of_nine_bits(256, 0, 1, 260, 257), CANNOT),
                ("lzw-beyond-first", codes_of_nine_bits(256, 0, 256, 258, 257), CANNOT),
                ("lzw-old", b"\0\1" + bytes(9), "TIFF with LZW of before its revision 6 is not read"),
                ("packbits-across", bytes([5, 0, 1, 200, 255, 7, 9]), CANNOT),
                ("packbits-short", bytes([2, 0, 1, 200]), "damaged: fewer rows of pixels than its header says"),
                ("packbits-more", bytes([2, 0, 1, 200, 2, 255, 7, 9, 0, 0]), "damaged: more rows of pixels"),
            )
        ),
        (
            "packbits-cut",
            tiff(pack=lambda lines, o: packbits(lines, o)[:-1], changes=PACKINGS["packbits"][1]),
            "damaged: its packed pixels cannot be unpacked",
        ),
    ):
        yield name, file, refused(sentence), refused(sentence)


def kinds():
    for part in (what_is_read, what_is_not_read):
        for name, *rest in part():
            yield f"{name}.tif", *rest
