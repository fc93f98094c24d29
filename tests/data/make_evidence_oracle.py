"""Writes the numbers that the C++ measures and fusion rules are tested against where plain floating point loses digits,
into the folder evidence/ beside this file. Needs mpmath alone (its version is in metrics/VERSIONS.txt)."""

import pathlib
import random
import struct

import mpmath

OUT = pathlib.Path(__file__).resolve().parent / "evidence"
mpmath.mp.dps = 120
mpf = mpmath.mpf


def f32(x):
    """The nearest float, so that both precisions are given the same number."""
    return struct.unpack("f", struct.pack("f", x))[0]


def write(name, header, rows):
    lines = [" ".join(header)]
    lines += [" ".join(repr(x if isinstance(x, int) else float(x)) for x in row) for row in rows]
    (OUT / name).write_text("\n".join(lines) + "\n")


def measures():
    rows = [(1e7, 1.3), (1e8, 1.3), (1.3, 1e8), (1e12, 1.0, 1.0), (3e5, 1.0, 2.5), (1e5, 1e5 + 0.25), (1.0, 1.0),
            (1.0000001, 1.0, 1.0), (1e17, 1.0), (5.5, 4.0, 1.0, 1.0, 9.0)]
    lines = []
    for row in rows:
        row = [f32(a) for a in row]
        alpha = [mpf(a) for a in row]
        s = sum(alpha)
        p = [a / s for a in alpha]
        entropy = -sum(x * mpmath.log(x) for x in p)
        expected = -sum(x * (mpmath.digamma(a + 1) - mpmath.digamma(s + 1)) for x, a in zip(p, alpha))
        log_beta = sum(mpmath.loggamma(a) for a in alpha) - mpmath.loggamma(s)
        differential = (log_beta + (s - len(alpha)) * mpmath.digamma(s)
                        - sum((a - 1) * mpmath.digamma(a) for a in alpha))
        uniform = -differential - mpmath.loggamma(len(alpha))
        lines.append([len(row), *row, p[0] * (1 - p[0]) / (s + 1), entropy, expected, entropy - expected,
                      differential, uniform])
    write("measures.txt", ["classes", "alpha...", "variance_of_class_0", "entropy", "expected_entropy",
                           "mutual_information", "differential_entropy", "kl_to_uniform"], lines)


def divergence():
    pairs = [((1, 1), (1, 1)), ((3, 1, 2), (1, 4, 2)), ((1e5, 1), (1, 1)), ((1e8, 2e8), (1e6, 2e6)),
             ((1e6, 2e6), (1e8, 2e8)), ((1.5, 1, 1), (1.25, 1, 1)), ((2, 1e6, 40), (1e6, 2, 40)), ((1e7, 1e7), (1e7, 1e7 + 1)),
             ((7.5, 7.5, 7.5, 7.5), (1, 2, 3, 4))]
    lines = []
    for first, second in pairs:
        a, b = [f32(x) for x in first], [f32(x) for x in second]
        alpha, beta = [mpf(x) for x in a], [mpf(x) for x in b]
        s = sum(alpha)
        kl = (mpmath.loggamma(s) - mpmath.loggamma(sum(beta))
              - sum(mpmath.loggamma(x) - mpmath.loggamma(y) for x, y in zip(alpha, beta))
              + sum((x - y) * (mpmath.digamma(x) - mpmath.digamma(s)) for x, y in zip(alpha, beta)))
        lines.append([len(a), *a, *b, kl])
    write("divergence.txt", ["classes", "alpha...", "beta...", "kl"], lines)


def special():
    points = [1e-308, 1e-300, 1e-30, 1e-10, 1e-4, 0.25, 9.999, 23.5, 1e15, 1e40]
    rows = []
    for x in map(mpf, points):
        stirling = mpmath.loggamma(x) - ((x - 0.5) * mpmath.log(x) - x + mpmath.log(2 * mpmath.pi) / 2)
        rows.append((x, mpmath.digamma(x), mpmath.digamma(x) - mpmath.log(x), stirling))
    write("special.txt", ["x", "digamma", "digamma_minus_log", "stirling_remainder"], rows)


def opinion(rng, kind):
    if kind == "vacuous":
        b = [rng.random() * 1e-9 for _ in range(3)]
    elif kind == "certain":
        b = [rng.random() ** 8 for _ in range(3)]
        b = [x / sum(b) * (1 - 1e-6) for x in b]
    else:
        b = [rng.random() for _ in range(3)]
        b = [x / (sum(b) + rng.random() * 3) for x in b]
    b = [f32(x) for x in b]
    return [*b, f32(1 - sum(b))]


def dempster(sources):
    s = [[mpf(x) for x in o] for o in sources]
    vacuous = mpmath.fprod(o[3] for o in s)
    masses = [mpmath.fprod(o[k] + o[3] for o in s) - vacuous for k in range(3)] + [vacuous]
    return [m / sum(masses) for m in masses] + [1 - sum(masses) / mpmath.fprod(sum(o) for o in s)]


def weighted(sources):
    s = [[mpf(x) for x in o] for o in sources]
    confidence = [sum(o[:3]) for o in s]
    masses = [sum(c * o[k] / o[3] for c, o in zip(confidence, s)) for k in range(3)] + [sum(confidence)]
    return [m / sum(masses) for m in masses]


def consensus(sources):
    s = [[mpf(x) for x in o] for o in sources]
    shared = [min(o[k] for o in s) for k in range(3)]
    residue = [[o[k] - shared[k] for k in range(3)] for o in s]
    product = mpmath.fprod(o[3] for o in s)
    gained = [sum(r[k] * product / o[3] for r, o in zip(residue, s)) for k in range(3)]
    in_sets = mpmath.fprod(sum(r) for r in residue)
    share = (sum(residue[0]) + s[0][3] - product) / (sum(gained) + in_sets)
    return [shared[k] + share * gained[k] for k in range(3)] + [product + share * in_sets]


def fusion():
    """Per group: the number of sources, the sources, then Dempster (4 masses and the conflict), weighted, consensus."""
    rng = random.Random(20231)
    groups = [(2, "any"), (3, "any"), (7, "any"), (40, "any"), (120, "any"), (3, "vacuous"), (120, "vacuous"),
              (2, "certain"), (60, "certain")]
    lines = []
    for count, kind in groups:
        sources = [opinion(rng, kind) for _ in range(count)]
        lines += [[count]] + sources + [dempster(sources), weighted(sources), consensus(sources)]
    write("fusion.txt", ["groups"], lines)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    measures()
    divergence()
    special()
    fusion()
