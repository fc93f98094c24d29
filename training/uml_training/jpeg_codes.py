"""The codes of a JPEG scan (ITU-T T.81, F.2 and G.2), walked without computing a pixel; examples/support/jpeg_codes.cpp
in Python. Decoders go on behind damage, each in its own way: what passes here has exactly the codes that its blocks
need."""

import functools
import re
from dataclasses import dataclass, field

import numpy as np

from .faults import DataError
from .raster import damaged

EARLY, NO_CODE = "the codes of its pixels end too early", "a code that its table does not have"
BEYOND, LARGE = "a block of more than 64 numbers", "a number that no block of 8 bits has"
RESTART, MORE = "a restart marker is missing or out of turn", "more codes than blocks of pixels"
MOST = 1 << 13  # of a number times its quantisation
RESTARTS = re.compile(rb"\xff([\xd0-\xd7])")


@functools.lru_cache(maxsize=16)  # most files have the same
def code_table(counts: bytes, symbols: bytes) -> list[int]:
    """Symbol x 32 + length by the next 16 bits; 0 where they are no code."""
    table: list[int] = []
    following = iter(symbols)
    for length, count in enumerate(counts, 1):
        for _ in range(count):
            table += [next(following) << 5 | length] * (1 << 16 - length)
    return table + [0] * ((1 << 16) - len(table))


@dataclass
class Component:
    """One channel of the picture."""

    name: int
    across: int  # sampling factors
    down: int
    table: int   # its quantisation
    width: int = 0   # in blocks, of a scan of its own
    height: int = 0
    known: list[int] = field(default_factory=list)  # progressive: which numbers of a block are not zero, a bit each


@dataclass
class Part:
    """A channel in a scan, with its tables; None where the scan has none."""

    component: Component
    mean: list[int] | None
    detail: list[int] | None
    steps: list[int]


@dataclass
class Scan:
    """Its channels, and which numbers of a block (`first` to `last`) and bits of them it has."""

    parts: list[Part]
    units: int  # of several channels
    first: int
    last: int
    high: int
    low: int
    restart: int
    progressive: bool


class Walk:
    """The codes between two restart markers. Errors: DataError."""

    def __init__(self, data: bytes, scan: Scan):
        plain = np.frombuffer(data.replace(b"\xff\0", b"\xff") + bytes(512), np.uint8).astype(np.int64)
        self.windows = (plain[:-3] << 24 | plain[1:-2] << 16 | plain[2:-1] << 8 | plain[3:]).tolist()
        self.bits = 8 * (len(plain) - 512)
        self.at = self.repeat = 0
        self.scan = scan

    def next(self, table: list[int]) -> int:
        found = table[self.windows[self.at >> 3] >> 16 - (self.at & 7) & 0xffff]
        if not found:
            raise damaged(NO_CODE if self.at + 16 <= self.bits else EARLY)
        self.at += found & 31
        return found >> 5

    def take(self, count: int) -> int:
        """The next bits, at most 16."""
        value = self.windows[self.at >> 3] >> 32 - count - (self.at & 7) & (1 << count) - 1
        self.at += count
        return value

    def number(self, count: int) -> int:
        """F.2.2.1."""
        value = self.take(count)
        return value - (1 << count) + 1 if count and value < 1 << count - 1 else value

    def ended(self) -> None:
        if self.at > self.bits:
            raise damaged(EARLY)

    def wrong(self, what: str) -> DataError:
        """Behind the end of the codes everything is zero, and wrong for that reason."""
        return damaged(EARLY if self.at > self.bits else what)

    def plausible(self, step: int, value: int) -> None:
        if abs(value << self.scan.low) * step > MOST:
            raise self.wrong(LARGE)

    def means(self, units: int) -> None:
        """And all detail, where the scan has it."""
        alone = len(self.scan.parts) == 1
        sums = [0] * len(self.scan.parts)
        for _ in range(units):
            for i, part in enumerate(self.scan.parts):
                for _ in range(1 if alone else part.component.across * part.component.down):
                    sums[i] += self.number(self.next(part.mean))
                    self.plausible(part.steps[0], sums[i])
                    if part.detail:
                        self.all_detail(part.detail, part.steps)
                    self.ended()

    def all_detail(self, table: list[int], steps: list[int]) -> None:
        windows, at, k = self.windows, self.at, 1
        while k < 64:
            found = table[windows[at >> 3] >> 16 - (at & 7) & 0xffff]
            bits, zeros = found >> 5 & 15, found >> 9
            at += found & 31
            if not bits:
                if not found:
                    raise damaged(NO_CODE if at + 16 <= self.bits else EARLY)
                if zeros < 15:
                    break
            k += zeros
            if k > 63:
                self.at = at
                raise self.wrong(BEYOND)
            if steps[k] << bits > MOST:  # else no number of so few bits is too large
                self.at = at
                self.plausible(steps[k], self.number(bits))
            at += bits
            k += 1
        self.at = at

    def lowest_means(self, units: int) -> None:
        alone = len(self.scan.parts) == 1
        self.at += units * sum(1 if alone else p.component.across * p.component.down for p in self.scan.parts)
        self.ended()

    def blocks_that_end(self, bits: int) -> None:
        self.repeat = (1 << bits) + self.take(bits)

    def first_detail(self, block: int) -> None:
        part, scan = self.scan.parts[0], self.scan
        if self.repeat:
            self.repeat -= 1
            return
        k = scan.first
        while k <= scan.last:
            symbol = self.next(part.detail)
            zeros, bits = symbol >> 4, symbol & 15
            if not bits and zeros < 15:
                self.blocks_that_end(zeros)
                self.repeat -= 1
                return
            k += zeros
            if k > scan.last:
                raise self.wrong(BEYOND)
            if bits:
                self.plausible(part.steps[k], self.number(bits))
                part.component.known[block] |= 1 << k
            k += 1

    def more_detail(self, block: int) -> None:
        part, scan = self.scan.parts[0], self.scan
        known, k = part.component.known[block], scan.first
        while not self.repeat and k <= scan.last:
            symbol = self.next(part.detail)
            zeros, bits = symbol >> 4, symbol & 15
            if bits > 1:
                raise self.wrong(NO_CODE)
            if not bits and zeros < 15:
                self.blocks_that_end(zeros)
                break
            self.at += bits
            while k <= scan.last:  # over as many zeros, with a bit for all that are none
                if known >> k & 1:
                    self.at += 1
                elif not zeros:
                    break
                else:
                    zeros -= 1
                k += 1
            if k > scan.last:
                raise self.wrong(BEYOND)
            known |= bits << k
            k += 1
        part.component.known[block] = known
        if self.repeat:
            self.repeat -= 1
            self.at += (known >> k & (1 << scan.last + 1 - k) - 1).bit_count() if k <= scan.last else 0


def check_codes(scan: Scan, data: bytes) -> None:
    """Whether the bytes up to the next marker that is no restart are the scan's codes, all of them and nothing else.
    Errors: DataError."""
    only = scan.parts[0].component
    units = only.width * only.height if len(scan.parts) == 1 else scan.units
    codes, markers = RESTARTS.split(data)[::2], RESTARTS.split(data)[1::2]
    each = scan.restart or units
    for turn, first in enumerate(range(0, units, each)):
        if turn and (turn >= len(codes) or markers[turn - 1][0] != 0xd0 + (turn - 1) % 8):
            raise damaged(RESTART)
        walk, count = Walk(codes[turn], scan), min(each, units - first)
        if scan.first == 0:
            (walk.lowest_means if scan.high else walk.means)(count)
        else:
            step = walk.more_detail if scan.high else walk.first_detail
            for block in range(first, first + count):
                step(block)
                walk.ended()
        if walk.bits - walk.at >= 8:
            raise damaged(RESTART if first + count < units else MORE)
    if len(codes) > turn + 1:
        raise damaged(MORE)
