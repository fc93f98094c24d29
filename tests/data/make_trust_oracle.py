"""Writes the numbers that the C++ binomial functions are tested against, into the folder trust/ beside this file. Needs
scipy (its version is in metrics/VERSIONS.txt)."""

import pathlib

import scipy.special
import scipy.stats

OUT = pathlib.Path(__file__).resolve().parent / "trust"


def main():
    OUT.mkdir(exist_ok=True)
    lines = ["k n p cdf low95 high95 upper99"]
    for k, n, p in ((0, 1, 0.3), (0, 60, 0.05), (3, 60, 0.05), (60, 60, 0.97), (59, 60, 0.97), (7, 20, 0.35),
                    (500, 1000, 0.5), (12, 100000, 0.0001), (99990, 100000, 0.9999), (1, 2, 0.5), (400, 1000, 0.5)):
        interval = scipy.stats.binomtest(k, n).proportion_ci(0.95, method="exact")
        upper = scipy.stats.beta.ppf(0.99, k + 1, n - k) if k < n else 1.0
        numbers = (scipy.stats.binom.cdf(k, n, p), interval.low, interval.high, upper)
        lines.append(f"{k} {n} {p!r} " + " ".join(repr(float(x)) for x in numbers))
    (OUT / "binomial.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
