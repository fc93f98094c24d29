"""PNG files of every kind, and what each is."""

import struct
import zlib

from png_files import data, exif, file, head, png
from profiles import LINEAR, PROFILES, profiles
from table import MASK_OF_COLOURS, MASK_SEEN_THROUGH, NO_REGIONS, picture, refused

CURVE = bytes.fromhex("0000b18f")  # 45455


def of_every_depth():
    """name, file, picture, mask of two regions."""
    for bits in (1, 2, 4, 8, 16):
        white = (1 << bits) - 1
        rows = [[0, 1, white], [white, white, 0], [1 if bits == 1 else white - 1, white, 1]]
        eight = [[(2 * 255 * v + white) // (2 * white) for v in row] for row in rows]
        mask = picture(rows) if bits == 1 else NO_REGIONS
        for interlaced in (False, True):
            name = f"grey-{bits}{'-interlaced' if interlaced else ''}"
            yield name, png(bits, 0, rows, interlaced=interlaced), picture(eight), mask
        two = [[0, white, 0], [white, 0, 0], [0, 0, white]]
        regions = picture([[int(v > 0) for v in row] for row in two])
        yield f"mask-{bits}", png(bits, 0, two), picture([[255 * (v > 0) for v in row] for row in two]), regions
        if bits < 16:
            palette = b"PLTE", bytes([9, 8, 7, 255, 1, 2])
            shown = [[0, 1], [1, 1], [0, 0]]
            colours = [[v for n in row for v in ((9, 8, 7), (255, 1, 2))[n]] for row in shown]
            for interlaced in (False, True):
                name = f"palette-{bits}{'-interlaced' if interlaced else ''}"
                yield name, png(bits, 3, shown, (palette,), interlaced), picture(colours, 3), picture(shown)
    for bits in (8, 16):
        scale = 1 if bits == 8 else 257
        grey = [[(17 * x + 29 * y) % 256 for x in range(9)] for y in range(10)]
        for colour, name in ((2, "rgb"), (4, "grey-alpha"), (6, "rgba"), (0, "grey")):
            colours, alpha = (3 if colour in (2, 6) else 1), colour >= 4
            rows = [
                [
                    s
                    for n, v in enumerate(row)
                    for s in [(v * (k + 1)) % 256 * scale for k in range(colours)] + [255 * scale] * alpha
                ]
                for row in grey
            ]
            seen = [[(v * (k + 1)) % 256 for v in row for k in range(colours)] for row in grey]
            mask = MASK_OF_COLOURS if colours == 3 else NO_REGIONS
            for interlaced in (False, True):
                yield (
                    f"{name}-{bits}-filters{'-interlaced' if interlaced else ''}",
                    png(bits, colour, rows, interlaced=interlaced, filters=(0, 1, 2, 3, 4, 4, 3)),
                    picture(seen, colours),
                    mask,
                )


def of_transparency():
    seen = picture([[0, 100, 200]])
    yield "grey-alpha", png(8, 4, [[200, 0, 200, 128, 200, 255]]), seen, MASK_SEEN_THROUGH
    yield (
        "grey-alpha-16",
        png(16, 4, [[51400, 0, 0, 65535, 51400, 32896, 51400, 65535]]),
        picture([[0, 0, 100, 200]]),
        MASK_SEEN_THROUGH,
    )
    yield (
        "rgba",
        png(8, 6, [[255, 255, 255, 0, 10, 20, 30, 255]]),
        picture([[0, 0, 0, 10, 20, 30]], 3),
        refused("a mask "),
    )  # of two reasons, one
    yield "trns-grey", png(8, 0, [[7, 8, 7]], [(b"tRNS", b"\0\7")]), picture([[0, 8, 0]]), MASK_SEEN_THROUGH
    yield "trns-grey-unused", png(8, 0, [[0, 1]], [(b"tRNS", b"\0\7")]), picture([[0, 1]]), picture([[0, 1]])
    yield "trns-grey-1", png(1, 0, [[0, 1, 1]], [(b"tRNS", b"\0\1")]), picture([[0, 0, 0]]), MASK_SEEN_THROUGH
    yield (
        "trns-grey-16",
        png(16, 0, [[0, 65535, 514]], [(b"tRNS", b"\xff\xff")]),
        refused("16 bits a sample, of which only values from 0 to 514 are used"),
        MASK_SEEN_THROUGH,
    )
    yield (
        "trns-rgb",
        png(8, 2, [[1, 2, 3, 1, 2, 4]], [(b"tRNS", b"\0\1\0\2\0\3")]),
        picture([[0, 0, 0, 1, 2, 4]], 3),
        MASK_OF_COLOURS,
    )
    yield (
        "trns-rgb-16",
        png(16, 2, [[65535, 257, 514, 65535, 257, 515]], [(b"tRNS", b"\xff\xff\1\1\2\2")]),
        picture([[0, 0, 0, 255, 1, 2]], 3),
        MASK_OF_COLOURS,
    )
    palette = b"PLTE", bytes([0, 0, 0, 128, 0, 0, 10, 20, 30])
    yield (
        "trns-palette",
        png(2, 3, [[2, 1, 0]], [palette, (b"tRNS", b"\xff\x80")]),
        picture([[10, 20, 30, 64, 0, 0, 0, 0, 0]], 3),
        NO_REGIONS,
    )
    too_deep = refused("damaged: the transparent colour is none that its depth can hold")
    yield "trns-beyond-depth", png(8, 0, [[7, 8]], [(b"tRNS", b"\1\7")]), too_deep, too_deep
    place = refused("damaged: transparency in the wrong place or of the wrong size")
    for name, bits, colour, row, extra in (
        ("before-palette", 8, 3, [0, 1], [(b"tRNS", b"\0"), palette]),
        ("long", 8, 3, [0, 1], [palette, (b"tRNS", bytes(4))]),
        ("of-alpha", 8, 4, [0, 1], [(b"tRNS", b"\0\1")]),
        ("twice", 8, 0, [0, 1], [(b"tRNS", b"\0\1"), (b"tRNS", b"\0\1")]),
    ):
        yield f"trns-{name}", png(bits, colour, [row], extra), place, place
    yield "bkgd", png(8, 4, [[200, 0]], [(b"bKGD", b"\0\xff")]), picture([[0]]), MASK_SEEN_THROUGH


def of_bits_and_curves():
    twelve = [[8, 1608, 4088]]
    lower = refused("16 bits a sample, of which only values from 8 to 4088 are used, less than half of the range: ")
    yield "12-in-16", png(16, 0, twelve), lower, NO_REGIONS
    yield "12-in-16-sbit", png(16, 0, twelve, [(b"sBIT", b"\x0c")]), picture([[0, 100, 255]]), NO_REGIONS
    yield (
        "12-in-16-sbit-upper",
        png(16, 0, [[0, 1606 << 4, 65535]], [(b"sBIT", b"\x0c")]),
        picture([[0, 100, 255]]),
        NO_REGIONS,
    )
    yield "16-upper-half", png(16, 0, [[0, 32768]]), picture([[0, 128]]), NO_REGIONS
    yield (
        "16-all-one",
        png(16, 0, [[40000, 40000]]),
        refused("16 bits a sample, of which only values from 40000 to 40000 are used"),
        NO_REGIONS,
    )
    # Twelve bits with a mark of the largest value: a sample in a hundred is one, two are part of the picture.
    few = refused("16 bits a sample, of which nearly all are from {} to {}, less than an eighth of the range: ")
    for name, marks, row in (("", 1, [8, 4088]), ("-offset", 1, [20000, 24000]), ("-13", 1, [0, 8191])):
        rows = [(row * 50)[marks:] + [65535] * marks]
        yield f"12-in-16-marked{name}", png(16, 0, rows), few.format(*row), NO_REGIONS
        shift = [(b"sBIT", b"\x0f")]
        yield f"12-in-16-marked{name}-sbit", png(16, 0, rows, shift), few.format(*row), NO_REGIONS
    shown = [(v * 2 * 255 + 65535) // (2 * 65535) for v in (8, 4088, 65535)]
    rows = [[8, 4088] * 49 + [65535] * 2]
    yield "16-of-which-2-bright", png(16, 0, rows), picture([shown[:2] * 49 + shown[2:] * 2]), NO_REGIONS
    yield "4-in-8-sbit", png(8, 0, [[0, 0x80, 0xF0]], [(b"sBIT", b"\4")]), picture([[0, 136, 255]]), NO_REGIONS
    yield (
        "565-in-888-sbit",
        png(8, 2, [[0, 0x84, 0xF8]], [(b"sBIT", b"\5\6\5")]),
        picture([[0, 132, 255]], 3),
        MASK_OF_COLOURS,
    )
    yield (
        "sbit-palette",
        png(8, 3, [[0, 1]], [(b"sBIT", b"\5\5\5"), (b"PLTE", bytes([0, 0, 0, 5, 6, 7]))]),
        picture([[0, 0, 0, 5, 6, 7]], 3),
        picture([[0, 1]]),
    )
    for name, said, sentence in (
        ("much", b"\x09", "sBIT says more bits than there are"),
        ("none", b"\0", "sBIT says more bits than there are"),
        ("long", b"\4\4", "sBIT of the wrong size"),
    ):
        no = refused("damaged: " + sentence)
        yield f"sbit-{name}", png(8, 0, [[0]], [(b"sBIT", said)]), no, no
    no = refused("damaged: sBIT in the wrong place or twice")
    yield "sbit-twice", png(8, 0, [[0]], [(b"sBIT", b"\x08")] * 2), no, no
    yield "sbit-behind-pixels", png(8, 0, [[0]], behind=[(b"sBIT", b"\4")]), no, no
    plain, mask = picture([[1, 0]]), picture([[1, 0]])
    linear = refused("a gamma of 100000 / 100000, where pictures have 45455: convert it")
    yield "gama-usual", png(8, 0, [[1, 0]], [(b"gAMA", CURVE)]), plain, mask
    yield "gama-linear", png(8, 0, [[1, 0]], [(b"gAMA", b"\0\1\x86\xa0")]), linear, mask
    yield "gama-zero", png(8, 0, [[1, 0]], [(b"gAMA", bytes(4))]), refused("a gamma of 1 / 100000"), mask
    bright, colours = (b"gAMA", b"\0\1\x86\xa0"), (b"PLTE", bytes([0, 0, 0, 1, 1, 1]))
    named = b"sRGB", b"\0"
    no = refused("damaged: sRGB in the wrong place, twice or of the wrong size")
    yield "srgb-behind", png(8, 0, [[1, 0]], [bright], behind=[named]), no, no
    yield "srgb-behind-palette", png(8, 3, [[1, 0]], [bright, colours, named]), no, no
    yield "srgb-behind-suggestions", png(8, 2, [[1, 0, 0]], [bright, colours, named]), no, no
    yield "srgb-twice", png(8, 0, [[1, 0]], [named, named]), no, no
    for length in (0, 2):
        yield f"srgb-of-{length}", png(8, 0, [[1, 0]], [bright, (b"sRGB", bytes(length))]), no, no
    no = refused("damaged: a gamma in the wrong place, twice or of the wrong size")
    yield "gama-behind-palette", png(8, 3, [[1, 0]], [colours, bright]), no, no
    no = refused("damaged: sBIT in the wrong place or twice")
    yield "sbit-behind-suggestions", png(8, 2, [[1, 0, 0]], [colours, (b"sBIT", b"\4\4\4")]), no, no
    no = refused("damaged: a palette in the wrong place")
    yield "suggestions-twice", png(8, 2, [[1, 0, 0]], [colours, colours]), no, no
    yield "gama-and-srgb", png(8, 0, [[1, 0]], [(b"gAMA", b"\0\1\x86\xa0"), (b"sRGB", b"\0")]), plain, mask
    no = refused("damaged: a gamma in the wrong place, twice or of the wrong size")
    yield "gama-twice", png(8, 0, [[1, 0]], [(b"gAMA", CURVE), (b"gAMA", b"\0\1\x86\xa0")]), no, no
    yield "gama-short", png(8, 0, [[1, 0]], [(b"gAMA", b"\1\x86\xa0")]), no, no
    for name, profile, no in profiles():
        yield f"iccp-{name}", png(8, 0, [[1, 0]], [(b"iCCP", b"p\0\0" + zlib.compress(profile))]), no or plain, mask
    usual = b"iCCP", b"p\0\0" + zlib.compress(PROFILES["srgb"][0])
    broken, light = (b"iCCP", b"p\0\0" + zlib.compress(LINEAR)[:-1]), (b"gAMA", b"\0\1\x86\xa0")
    yield "gama-and-iccp", png(8, 0, [[1, 0]], [light, usual]), plain, mask
    yield "gama-and-broken-iccp", png(8, 0, [[1, 0]], [light, broken]), linear, mask
    yield "iccp-short", png(8, 0, [[1, 0]], [(b"iCCP", b"p\0")]), plain, mask
    no = refused("damaged: a colour profile in the wrong place or twice")
    yield "iccp-twice", png(8, 0, [[1, 0]], [usual, usual]), no, no
    yield "iccp-twice-short", png(8, 0, [[1, 0]], [(b"iCCP", b"p\0")] * 2), no, no  # each costs unpacking
    yield "iccp-behind-palette", png(8, 3, [[1, 0]], [light, colours, usual]), no, no
    yield "iccp-behind", png(8, 0, [[1, 0]], behind=[usual]), no, no
    # What is not looked at: whites, the shape of pixels, text.
    for name, extra in (
        ("chrm", (b"cHRM", bytes(32))),
        ("phys", (b"pHYs", struct.pack(">IIB", 1000, 3000, 1))),
        ("text", (b"tEXt", b"a\0b")),
        ("time", (b"tIME", bytes(7))),
    ):
        yield f"with-{name}", png(8, 0, [[1, 0]], [extra]), plain, mask
    yield "cicp-srgb", png(8, 0, [[1, 0]], [(b"cICP", b"\1\x0d\0\1")]), plain, mask
    said = b"cICP", b"\1\x0d\0\1"
    no = refused("damaged: cICP in the wrong place, twice or of the wrong size")
    yield "cicp-behind", png(8, 0, [[1, 0]], [light], behind=[said]), no, no
    yield "cicp-behind-palette", png(8, 3, [[1, 0]], [light, colours, said]), no, no
    yield "cicp-twice", png(8, 0, [[1, 0]], [said, said]), no, no
    yield "cicp-short", png(8, 0, [[1, 0]], [(b"cICP", b"\1\x0d\0")]), no, no
    for name, said in (("pq", b"\x09\x10\0\1"), ("hlg", b"\x09\x12\0\1"), ("narrow", b"\1\1\0\0")):
        no = refused(f"samples for another kind of screen (cICP {' '.join(map(str, said))}): convert it")
        yield f"cicp-{name}", png(8, 0, [[1, 0]], [(b"cICP", said)]), no, no


def of_ways_up():
    upright = {
        1: [[1, 2, 3], [4, 5, 6]],
        2: [[3, 2, 1], [6, 5, 4]],
        3: [[6, 5, 4], [3, 2, 1]],
        4: [[4, 5, 6], [1, 2, 3]],
        5: [[1, 4], [2, 5], [3, 6]],
        6: [[4, 1], [5, 2], [6, 3]],
        7: [[6, 3], [5, 2], [4, 1]],
        8: [[3, 6], [2, 5], [1, 4]],
        9: [[1, 2, 3], [4, 5, 6]],
    }
    for orientation, rows in upright.items():
        yield (
            f"exif-{orientation}",
            png(8, 0, upright[1], [(b"eXIf", exif(orientation, "<>"[orientation % 2]))]),
            picture(rows),
            NO_REGIONS,
        )
    yield "exif-behind", png(8, 0, upright[1], behind=[(b"eXIf", exif(3))]), picture(upright[3]), NO_REGIONS
    yield "exif-long", png(8, 0, upright[1], [(b"eXIf", exif(3, kind=4))]), picture(upright[1]), NO_REGIONS
    for count in (0, 2):
        several = [(b"eXIf", exif(3, count=count))]
        yield f"exif-of-{count}", png(8, 0, upright[1], several), picture(upright[1]), NO_REGIONS
    yield "exif-cut", png(8, 0, upright[1], [(b"eXIf", exif(3)[:12])]), picture(upright[1]), NO_REGIONS
    named, silent = b"Exif\0\0" + exif(3), exif(3).replace(b"\1\x12", b"\1\x0f")
    yield "exif-named", png(8, 0, upright[1], [(b"eXIf", named)]), picture(upright[3]), NO_REGIONS
    yield (
        "exif-and-none",
        png(8, 0, upright[1], [(b"eXIf", exif(3)), (b"eXIf", silent)]),
        picture(upright[3]),
        NO_REGIONS,
    )
    yield (
        "exif-none-and",
        png(8, 0, upright[1], [(b"eXIf", silent), (b"eXIf", exif(3))]),
        picture(upright[3]),
        NO_REGIONS,
    )
    no = refused("damaged: EXIF says two ways to turn it")
    yield "exif-two-ways", png(8, 0, upright[1], [(b"eXIf", exif(3)), (b"eXIf", exif(6))]), no, no


def of_damage():
    rows, plain, mask = [[1, 0], [0, 1]], picture([[1, 0], [0, 1]]), picture([[1, 0], [0, 1]])
    packed = zlib.compress(data(2, 2, 8, 0, rows))
    start = head(2, 2, 8, 0)

    def whole(*chunks):
        return file(start, *chunks, (b"IEND", b""))

    good = whole((b"IDAT", packed))
    yield "plain", good, plain, mask
    yield "bytes-behind-end", good + b"and more", plain, mask
    yield "picture-behind-end", good + good, plain, mask
    yield "pixels-in-parts", whole((b"IDAT", packed[:3]), (b"IDAT", b""), (b"IDAT", packed[3:])), plain, mask
    yield "bytes-behind-pixels", whole((b"IDAT", packed + b"\0\0")), plain, mask
    yield "stored", whole((b"IDAT", zlib.compress(data(2, 2, 8, 0, rows), 0))), plain, mask
    more, fewer = (refused(f"damaged: {w} rows of pixels than its header says") for w in ("more", "fewer"))
    broken, wrong = (
        refused("damaged: its packed pixels cannot be unpacked"),
        refused("damaged: the checksum of its pixels"),
    )
    for name, body, no in (
        ("rows-beyond", zlib.compress(data(2, 3, 8, 0, rows + rows[:1])), more),
        ("a-byte-beyond", zlib.compress(data(2, 2, 8, 0, rows) + b"\0"), more),
        ("bomb", zlib.compress(bytes(1 << 22)), more),
        ("rows-missing", zlib.compress(data(2, 1, 8, 0, rows[:1])), fewer),
        ("no-sum", packed[:-4], broken),
        ("half-a-sum", packed[:-2], broken),
        ("wrong-sum", packed[:-1] + bytes([packed[-1] ^ 1]), wrong),
        ("cut-codes", packed[:-6], broken),
        ("nothing", b"", broken),
        ("no-zlib", b"\x79" + packed[1:], broken),
        ("preset-words", b"\x78\xbb" + packed[2:], broken),
        ("bad-block", b"\x78\x01\x07" + packed[3:], broken),
    ):
        yield f"pixels-{name}", whole((b"IDAT", body)), no, no
    wide = file(head(1, 2, 8, 0), (b"IDAT", packed), (b"IEND", b""))
    yield "header-narrower", wide, more, more
    yield "header-deeper", file(head(2, 2, 16, 0), (b"IDAT", packed), (b"IEND", b"")), fewer, fewer
    long = [[int(v % 3 == 0) for v in range(60)] for _ in range(600)]
    yield "far-copies", png(8, 0, long, filters=(0, 2)), picture(long), picture(long)
    for name, chunks, sentence in (
        ("no-header", [(b"IDAT", packed), (b"IEND", b"")], "damaged: the first chunk is not IHDR"),
        ("no-pixels", [start, (b"IEND", b"")], "damaged: no pixels"),
        ("no-end", [start, (b"IDAT", packed)], "damaged: the file ends before its last chunk"),
        ("two-headers", [start, start, (b"IDAT", packed), (b"IEND", b"")], "damaged: two headers"),
        (
            "two-places",
            [start, (b"IDAT", packed[:4]), (b"tEXt", b""), (b"IDAT", packed[4:]), (b"IEND", b"")],
            "damaged: the pixels are in two places",
        ),
        ("full-end", [start, (b"IDAT", packed), (b"IEND", b"x")], "damaged: its last chunk is not empty"),
        (
            "critical",
            [start, (b"CgBI", b"x"), (b"IDAT", packed), (b"IEND", b"")],
            "needs chunk CgBI, which is not known",
        ),
        ("animation", [start, (b"acTL", bytes(8)), (b"IDAT", packed), (b"IEND", b"")], "an animation, not a picture"),
        ("odd-depth", [head(2, 2, 3, 0), (b"IDAT", packed), (b"IEND", b"")], "damaged: its header says what PNG"),
        ("rgb-of-4", [head(2, 2, 4, 2), (b"IDAT", packed), (b"IEND", b"")], "damaged: its header says what PNG"),
        ("no-palette", [head(2, 2, 8, 3), (b"IDAT", packed), (b"IEND", b"")], "damaged: no palette"),
        (
            "palette-large",
            [head(2, 2, 1, 3), (b"PLTE", bytes(9)), (b"IDAT", packed), (b"IEND", b"")],
            "damaged: a palette of the wrong size",
        ),
        (
            "palette-of-grey",
            [start, (b"PLTE", bytes(6)), (b"IDAT", packed), (b"IEND", b"")],
            "damaged: a palette of the wrong size",
        ),
        (
            "palette-small",
            [head(2, 2, 8, 3), (b"PLTE", bytes(3)), (b"IDAT", packed), (b"IEND", b"")],
            "damaged: a pixel's number is not in the palette",
        ),
        ("no-width", [head(0, 2, 8, 0), (b"IDAT", packed), (b"IEND", b"")], "damaged: no pixels"),
        ("too-wide", [head(40000, 2, 8, 0)], "40000 x 2 pixels; at most 32768 on a side and 33554432 in all are read"),
        ("too-large", [head(32768, 1025, 8, 0)], "32768 x 1025 pixels; at most 32768"),
        ("unnamed", [start, (b"a1b2", b"")], "damaged: a chunk has no name"),
    ):
        yield name, file(*chunks), refused(sentence), refused(sentence)
    yield "palette-of-rgb", png(8, 2, [[1, 2, 3]], [(b"PLTE", bytes(6))]), picture([[1, 2, 3]], 3), MASK_OF_COLOURS
    flipped = bytearray(good)
    flipped[43] ^= 1
    yield (
        "flipped",
        bytes(flipped),
        refused("damaged: the checksum of chunk IDAT is wrong"),
        refused("damaged: the checksum of chunk IDAT is wrong"),
    )


def kinds():
    for part in (of_every_depth, of_transparency, of_bits_and_curves, of_ways_up, of_damage):
        for name, *rest in part():
            yield f"{name}.png", *rest
