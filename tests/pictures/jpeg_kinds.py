"""JPEG files of every kind, and what each is, from an encoder of a few blocks (ITU-T T.81)."""

import math
import struct

from png_files import exif
from profiles import PROFILES, profiles
from table import MASK_IN_JPEG, refused

MEANS = list(range(12))  # symbols, each a code of four bits: its place
DETAILS = [0x00, 0x01, 0x02, 0x11, 0x12, 0x21, 0x31, 0xF0, 0x10, 0x20, 0xF1, 0x03]
COLUMN = 1  # the zigzag place of the first horizontal wave
STEP = 8  # of quantisation: a mean of n is a grey of 128 + n


class Bits:
    def __init__(self):
        self.text = ""

    def put(self, value: int, count: int) -> "Bits":
        self.text += format(value, f"0{count}b") if count else ""
        return self

    def number(self, value: int) -> "Bits":
        size = abs(value).bit_length()
        return self.put(value if value >= 0 else value + (1 << size) - 1, size)

    def mean(self, difference: int) -> "Bits":
        return self.put(MEANS.index(abs(difference).bit_length()), 4).number(difference)

    def detail(self, symbol: int) -> "Bits":
        return self.put(DETAILS.index(symbol), 4)

    def bytes(self) -> bytes:
        text = self.text + "1" * (-len(self.text) % 8)
        return b"".join(
            bytes([b]) + (b"\0" if b == 255 else b"") for b in (int(text[i : i + 8], 2) for i in range(0, len(text), 8))
        )


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def quantisation(step: int = STEP, number: int = 0) -> bytes:
    return segment(0xDB, bytes([number] + [step] * 64))


def huffman(kind: int, symbols, count: int = 0) -> bytes:
    return segment(0xC4, bytes([kind << 4, 0, 0, 0, count or len(symbols)] + [0] * 12) + bytes(symbols))


TABLES = quantisation() + huffman(0, MEANS) + huffman(1, DETAILS)
JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def adobe(transform: int) -> bytes:
    return segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def frame(width, height, parts=((1, 0x11, 0),), marker=0xC0, depth=8) -> bytes:
    return segment(marker, struct.pack(">BHHB", depth, height, width, len(parts)) + b"".join(bytes(p) for p in parts))


def scan(codes: bytes, ids=(1,), first=0, last=63, bits=0) -> bytes:
    names = b"".join(bytes([i, 0]) for i in ids)
    return segment(0xDA, bytes([len(ids)]) + names + bytes([first, last, bits])) + codes


def file(*parts: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"


def flat(*greys: int) -> bytes:
    """The codes of flat blocks."""
    bits, before = Bits(), 128
    for grey in greys:
        bits.mean(grey - before).detail(0x00)
        before = grey
    return bits.bytes()


def seen(*greys: int, channels: int = 1, down: int = 1) -> str:
    row = [str(g) for grey in greys for g in [grey] * 8 * channels]
    return f"{8 * down} {8 * len(greys)} {channels}: {' '.join(row * 8 * down)}"


def waves(grey: int, first: int, third: int) -> str:
    """One block with this mean and these numbers of the first and the third place."""

    def wave(x, y):  # the third place is the first wave downwards twice as short (T.81, figure 5)
        across = first * STEP * math.sqrt(0.5) / 4 * math.cos((2 * x + 1) * math.pi / 16)
        return across + third * STEP * math.sqrt(0.5) / 4 * math.cos((2 * y + 1) * 2 * math.pi / 16)

    return "8 8 1: " + " ".join(str(round(grey + wave(x, y))) for y in range(8) for x in range(8))


def what_is_read():
    two, mask = seen(100, 200), MASK_IN_JPEG
    plain = file(TABLES, frame(16, 8), scan(flat(100, 200)))
    yield "grey", plain, two, mask
    yield "mask", file(TABLES, frame(16, 8), scan(flat(0, 255))), seen(0, 255), mask
    yield "extended", file(TABLES, frame(16, 8, marker=0xC1), scan(flat(100, 200))), two, mask
    yield "bytes-behind-end", plain + b"and more", two, mask
    yield "picture-behind-end", plain + file(TABLES, frame(8, 8), scan(flat(1))), two, mask
    yield "parts-of-a-phone", file(segment(0xE2, b"MPF\0II*\0\x08\0\0\0" + bytes(12)), plain[2:-2]), two, mask
    yield "fill-bytes", b"\xff\xd8\xff\xff" + plain[2:], two, mask
    yield "long-pixels", file(segment(0xE0, b"JFIF\0\1\1\0\0\1\0\3\0\0"), plain[2:-2]), two, mask
    for name, icc, no in profiles():
        half = len(icc) // 2
        parts = [b"ICC_PROFILE\0" + bytes([n + 1, 2]) + part for n, part in enumerate((icc[:half], icc[half:]))]
        yield f"icc-{name}", file(*(segment(0xE2, part) for part in parts), plain[2:-2]), no or two, mask
    parts = [segment(0xE2, part) for part in (b"ICC_PROFILE\0\1\1" + PROFILES["linear"][0], b"MPF\0" + bytes(20))]
    no = refused("a colour profile that shows a half as 50 % of white")
    yield "icc-among-others", file(*parts[::-1], plain[2:-2]), no, mask
    for name, number in (("of-which-one-is-missing", b"\1\2"), ("numbered-0", b"\0\1"), ("numbered-3-of-2", b"\3\2")):
        part = segment(0xE2, b"ICC_PROFILE\0" + number + bytes(64))
        yield f"icc-{name}", file(part, plain[2:-2]), two, mask
    yield "sampling-of-one", file(TABLES, frame(16, 8, ((1, 0x22, 0),)), scan(flat(100, 200))), two, mask
    restart = segment(0xDD, b"\0\1")
    yield "restarts", file(TABLES, restart, frame(16, 8), scan(flat(100) + b"\xff\xd0" + flat(200))), two, mask
    for name, greys in (("of-all", [10 * n for n in range(10)]), ("of-white", [255] * 10)):
        codes = b"".join(flat(g) + bytes([0xFF, 0xD0 + i % 8]) for i, g in enumerate(greys))[:-2]
        yield f"restarts-{name}", file(TABLES, restart, frame(80, 8), scan(codes)), seen(*greys), mask
    block = Bits().mean(-28).detail(0x02).number(2).detail(0x11).number(-1).detail(0x00).bytes()
    yield "waves", file(TABLES, frame(8, 8), scan(block)), waves(100, 2, -1), mask
    silent = segment(0xE1, b"Exif\0\0" + exif(3).replace(b"\1\x12", b"\1\x0f"))
    for orientation in (3, 8):
        turned = file(silent, segment(0xE1, b"Exif\0\0" + exif(orientation, "<")), silent, plain[2:-2])
        rows = [["200"] * 8 + ["100"] * 8] * 8 if orientation == 3 else [["200"] * 8] * 8 + [["100"] * 8] * 8
        yield (
            f"exif-{orientation}",
            turned,
            (f"{len(rows)} {len(rows[0])} 1: " + " ".join(v for r in rows for v in r)),
            mask,
        )


def of_colours():
    parts = ((1, 0x11, 0), (2, 0x11, 0), (3, 0x11, 0))
    grey = Bits().mean(-28).detail(0).mean(0).detail(0).mean(0).detail(0).bytes()
    rgb = Bits().mean(-28).detail(0).mean(72).detail(0).mean(-118).detail(0).bytes()
    one, other = seen(100, channels=3), f"8 8 3: {' '.join(['100 200 10'] * 64)}"
    yield "luma", file(TABLES, frame(8, 8, parts), scan(grey, (1, 2, 3))), one, MASK_IN_JPEG
    yield "luma-jfif", file(JFIF, TABLES, frame(8, 8, parts), scan(grey, (1, 2, 3))), one, MASK_IN_JPEG
    yield "luma-adobe", file(adobe(1), TABLES, frame(8, 8, parts), scan(grey, (1, 2, 3))), one, MASK_IN_JPEG
    yield "rgb-adobe", file(adobe(0), TABLES, frame(8, 8, parts), scan(rgb, (1, 2, 3))), other, MASK_IN_JPEG
    names = tuple((name, 0x11, 0) for name in b"RGB")
    yield "rgb-named", file(TABLES, frame(8, 8, names), scan(rgb, b"RGB")), other, MASK_IN_JPEG
    apart = [scan(flat(128 + n), (i + 1,)) for i, n in enumerate((-28, 0, 0))]
    yield "in-three-scans", file(TABLES, frame(8, 8, parts), *apart), one, MASK_IN_JPEG
    halves = ((1, 0x22, 0), (2, 0x11, 0), (3, 0x11, 0))
    four = Bits().mean(-28).detail(0)
    for _ in range(5):
        four.mean(0).detail(0)
    yield (
        "halved",
        file(TABLES, frame(16, 16, halves), scan(four.bytes(), (1, 2, 3))),
        seen(100, 100, channels=3, down=2),
        MASK_IN_JPEG,
    )
    for name, before in (("jfif", JFIF), ("adobe", adobe(1))):
        no = refused("damaged: channels named red, green and blue in a file that says otherwise")
        yield f"rgb-named-{name}", file(before, TABLES, frame(8, 8, names), scan(rgb, b"RGB")), no, no
    no = refused("damaged: what its colours are is said behind a scan")
    yield "adobe-late", file(TABLES, frame(8, 8, parts), apart[0], adobe(0), *apart[1:]), no, no
    no = refused("damaged: what its colours are is cut off")
    yield "jfif-cut", file(segment(0xE0, b"JFIF\0\1\1"), TABLES, frame(8, 8), scan(flat(9))), no, no
    no = refused("JFIF of revision 2 is not read")
    yield "jfif-2", file(JFIF.replace(b"\0\1\1", b"\0\2\0", 1), TABLES, frame(8, 8), scan(flat(9))), no, no
    two = ((1, 0x31, 0), (2, 0x21, 0), (3, 0x11, 0))
    no = refused("channels whose sampling is no whole fraction of the picture's are not read")
    yield "fractions", file(TABLES, frame(8, 8, two), scan(grey, (1, 2, 3))), no, no
    no = refused("damaged: scans are missing: a part of the picture's detail is not there")
    yield "a-channel-missing", file(TABLES, frame(8, 8, parts), *apart[:2]), no, no
    for count, what in (
        (4, "CMYK or another picture of four inks is not read"),
        (2, "2 channels are not read"),
        (5, "5 channels are not read"),
        (0, "0 channels are not read"),
    ):
        no = refused(what)
        yield f"channels-{count}", file(TABLES, frame(8, 8, [(i, 0x11, 0) for i in range(count)])), no, no


def progressive(*scans: bytes, width: int = 8) -> bytes:
    return file(TABLES, frame(width, 8, marker=0xC2), *scans)


def of_scans():
    # Mean -28, 2 in the first place, -1 in the third; all of it first without the lowest bit.
    means = scan(Bits().mean(-14).bytes(), last=0, bits=0x01)
    lowest = scan(Bits().put(0, 1).bytes(), last=0, bits=0x10)
    upper = scan(Bits().detail(0x01).number(1).detail(0).bytes(), first=1, bits=0x01)
    rest = scan(Bits().detail(0x11).number(-1).put(0, 1).detail(0).bytes(), first=1, bits=0x10)
    yield "progressive", progressive(means, upper, rest, lowest), waves(100, 2, -1), MASK_IN_JPEG
    yield "progressive-other-order", progressive(means, lowest, upper, rest), waves(100, 2, -1), MASK_IN_JPEG
    yield (
        "progressive-bands",
        progressive(
            scan(Bits().mean(-28).bytes(), last=0),
            scan(Bits().detail(0x02).number(2).detail(0).bytes(), first=1, last=2),
            scan(Bits().detail(0x01).number(-1).detail(0).bytes(), first=3),
        ),
        waves(100, 2, -1),
        MASK_IN_JPEG,
    )
    run = scan(Bits().detail(0x10).put(0, 1).bytes(), first=1)  # two blocks that have no detail
    yield (
        "progressive-run",
        progressive(scan(Bits().mean(-28).mean(100).bytes(), last=0), run, width=16),
        seen(100, 200),
        MASK_IN_JPEG,
    )
    three = Bits().mean(-28).mean(100).mean(10).bytes()
    run = scan(Bits().detail(0x10).put(1, 1).bytes(), first=1)
    yield "progressive-run-of-3", progressive(scan(three, last=0), run, width=24), seen(100, 200, 210), MASK_IN_JPEG
    over = scan(Bits().detail(0x10).put(0, 1).bytes() + b"\xff\xd0" + Bits().detail(0).bytes(), first=1)
    yield (
        "progressive-run-over-restart",
        progressive(
            segment(0xDD, b"\0\1"),
            scan(Bits().mean(-28).bytes() + b"\xff\xd0" + Bits().mean(72).bytes(), last=0),
            over,
            width=16,
        ),
        seen(100, 200),
        MASK_IN_JPEG,
    )
    missing = refused("damaged: scans are missing: a part of the picture's detail is not there")
    for count, scans in enumerate(([means], [means, upper], [means, upper, rest]), 1):
        yield f"progressive-cut-{count}", progressive(*scans), missing, missing
    order = refused("damaged: scans in an order that cannot be")
    for name, scans in (
        ("detail-first", [upper, means, rest, lowest]),
        ("bit-first", [means, rest, upper, lowest]),
        ("means-twice", [means, means, upper, rest, lowest]),
        ("bit-twice", [means, upper, rest, rest, lowest]),
        ("two-bits", [scan(Bits().mean(-7).bytes(), last=0, bits=0x02), lowest, upper, rest]),
        (
            "two-bits-at-once",
            [
                scan(Bits().mean(-7).bytes(), last=0, bits=0x02),
                scan(Bits().put(0, 1).bytes(), last=0, bits=0x20),
                upper,
                rest,
            ],
        ),
    ):
        yield f"progressive-{name}", progressive(*scans), order, order
    thin = [scan(Bits().detail(0).bytes(), first=k, last=k, bits=0x01) for k in range(1, 64)]
    many = refused("more than 100 scans")
    yield (
        "scans-127",
        progressive(
            means, lowest, *thin, *(scan(Bits().detail(0).bytes(), first=k, last=k, bits=0x10) for k in range(1, 64))
        ),
        many,
        many,
    )
    yield (
        "scans-66",
        progressive(means, lowest, *thin[:0], *(scan(Bits().detail(0).bytes(), first=k, last=k) for k in range(1, 64))),
        seen(100),
        MASK_IN_JPEG,
    )
    changes = refused("damaged: a quantisation table changes between two scans")
    yield "steps-change", progressive(means, quantisation(9), upper, rest, lowest), changes, changes
    yield "steps-again", progressive(means, quantisation(), upper, rest, lowest), waves(100, 2, -1), MASK_IN_JPEG


def what_is_not_read():
    def of(*parts, sentence):
        return file(*parts), refused(sentence), refused(sentence)

    codes, late = scan(flat(100, 200)), "a picture whose height comes later (DNL) is not read"
    yield "12-bit", *of(TABLES, frame(16, 8, depth=12), codes, sentence="12 bits a sample; JPEG is read with 8")
    for marker, number in ((0xC3, 3), (0xC5, 5), (0xC9, 9), (0xCF, 15)):
        yield (
            f"sof-{number}",
            *of(
                TABLES,
                frame(16, 8, marker=marker),
                codes,
                sentence=f"lossless, hierarchical or arithmetic JPEG is not read (SOF{number})",
            ),
        )
    yield "arithmetic", *of(segment(0xCC, b"\0\1"), sentence="arithmetic coding is not read")
    yield "no-height", *of(TABLES, frame(16, 0), codes, segment(0xDC, b"\0\x08"), sentence=late)
    yield "other-height", *of(TABLES, frame(16, 8), codes, segment(0xDC, b"\0\x10"), sentence=late)
    yield "no-width", *of(TABLES, frame(0, 8), codes, sentence="damaged: no pixels")
    yield "no-frame", *of(TABLES, codes, sentence="damaged: a scan before the frame")
    yield "no-scan", *of(TABLES, frame(16, 8), sentence="damaged: no pixels")
    yield "two-frames", *of(TABLES, frame(16, 8), frame(16, 8), codes, sentence="damaged: two frames")
    yield "no-steps", *of(TABLES[69:], frame(16, 8), codes, sentence="damaged: a scan without its quantisation table")
    yield (
        "other-steps",
        *of(TABLES, frame(16, 8, ((1, 0x11, 1),)), codes, sentence="damaged: a scan without its quantisation table"),
    )
    yield "no-codes", *of(quantisation(), frame(16, 8), codes, sentence="damaged: a scan without its Huffman table")
    full = huffman(0, list(range(12)) + [0] * 4)
    yield (
        "code-of-ones",
        *of(quantisation(), full, sentence="damaged: a Huffman table has more codes than bits can name"),
    )
    yield "codes-beyond", *of(huffman(1, DETAILS, 15), sentence="damaged: a Huffman table has too many codes")
    yield (
        "in-one-scan-twice",
        *of(TABLES, frame(8, 8), scan(flat(1), (1, 1)), sentence="damaged: a scan that cannot be"),
    )
    yield "work", *of(TABLES, frame(32768, 1024), codes, sentence="32768 x 1024 pixels in 1 scans from")
    yield (
        "two-ways-up",
        *of(*(segment(0xE1, b"Exif\0\0" + exif(n)) for n in (3, 6)), sentence="damaged: EXIF says two ways to turn it"),
    )
    plain = file(TABLES, frame(16, 8), codes)
    for length in (2, 40, len(TABLES) + 8, len(plain) - 1, len(plain) - 2):
        yield f"cut-{length}", plain[:length], *[refused("neither PNG" if length < 3 else "damaged: ")] * 2


def of_codes():
    """What libjpeg-turbo says in its own words; of the strict ones it says nothing."""
    early = "the codes of its pixels end too early"
    restart, turn = segment(0xDD, b"\0\1"), "a restart marker is missing or out of turn"
    none = Bits().mean(-28).put(15, 4).put(0, 12).bytes()
    two = flat(100, 200)
    for name, before, codes, sentence in (
        ("too-few", b"", flat(100), early),
        ("half", b"", two[:1], early),
        ("nothing", b"", b"", early),
        ("no-code", b"", none, "a code that its table does not have"),
        ("restart-missing", restart, two, turn),
        ("restart-out-of-turn", restart, flat(100) + b"\xff\xd1" + flat(200), turn),
        ("restart-unexpected", b"", flat(100) + b"\xff\xd0" + flat(200), early),
        ("restart-late", segment(0xDD, b"\0\2"), flat(100) + b"\xff\xd0" + flat(200), early),
        ("restart-lost-block", restart, b"\xff\xd0" + flat(200), early),
    ):
        yield (f"codes-{name}", file(TABLES, before, frame(16, 8), scan(codes)), *[refused("damaged: " + sentence)] * 2)
    wide = progressive(
        scan(Bits().mean(-28).bytes(), last=0),
        scan(Bits().detail(0).bytes(), first=1, bits=0x01),
        scan(Bits().detail(0x02).put(0, 2).detail(0).bytes(), first=1, bits=0x10),
    )
    yield "codes-two-bits", wide, *[refused("damaged: a code that its table does not have")] * 2
    for name, codes in (("too-many", flat(100, 200, 3, 4)), ("a-byte-more", two + b"\0")):
        yield (
            f"codes-{name}",
            file(TABLES, frame(16, 8), scan(codes)),
            *[refused("damaged: more codes than blocks of pixels")] * 2,
        )
    beyond = Bits().mean(0)
    for _ in range(3):
        beyond.detail(0xF0)
    beyond.detail(0xF1).number(1)
    yield (
        "strict-beyond-64",
        file(TABLES, frame(8, 8), scan(beyond.bytes())),
        *[refused("damaged: a block of more than 64 numbers")] * 2,
    )
    yield (
        "strict-large",
        file(quantisation(255), TABLES[69:], frame(8, 8), scan(Bits().mean(900).detail(0).bytes())),
        *[refused("damaged: a number that no block of 8 bits has")] * 2,
    )


def kinds():
    for part in (what_is_read, of_colours, of_scans, what_is_not_read, of_codes):
        for name, *rest in part():
            yield f"{name}.jpg", *rest
