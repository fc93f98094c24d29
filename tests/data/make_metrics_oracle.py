"""Writes the numbers that the C++ metrics and Dirichlet measures are tested against, into the folder metrics/ beside
this file. Needs scikit-learn, scipy, MedPy and mpmath; the versions used are in metrics/VERSIONS.txt."""

import importlib.metadata
import pathlib

import medpy.metric.binary
import mpmath
import numpy as np
import scipy.ndimage
import sklearn.calibration
import sklearn.metrics

OUT = pathlib.Path(__file__).resolve().parent / "metrics"
mpmath.mp.dps = 40


def write(name, header, rows):
    text = "\n".join([" ".join(header)] + [" ".join(repr_of(x) for x in row) for row in rows])
    (OUT / name).write_text(text + "\n")


def repr_of(x):
    return str(int(x)) if isinstance(x, (int, np.integer, bool, np.bool_)) else repr(float(x))


def classification_case(rng, n, classes, ties):
    """Labels, probabilities and vacuities as an evidential network of some skill gives them."""
    labels = rng.integers(0, classes, n)
    evidence = rng.gamma(0.7, 2.0, (n, classes))
    evidence[np.arange(n), labels] += rng.gamma(1.2, 3.0, n)
    if ties:  # coarse numbers: many equal scores
        evidence = np.round(evidence)
    alpha = evidence + 1
    strength = alpha.sum(1, keepdims=True)
    return labels, alpha / strength, classes / strength[:, 0]


def tied_mean(order_by, loss):
    """Each case's loss replaced by the mean loss of the cases with the same key; and the order by that key."""
    _, group = np.unique(order_by, return_inverse=True)
    mean = np.bincount(group, weights=loss) / np.bincount(group)
    order = np.argsort(order_by, kind="stable")
    return mean[group][order]


def risk_coverage(uncertainty, loss):
    return np.cumsum(tied_mean(uncertainty, loss)) / np.arange(1, len(loss) + 1)


def ece(confidence, right, bins=15):
    """The bins are those of sklearn.calibration.calibration_curve, checked against it."""
    edges = np.arange(1, bins) / bins
    index = np.searchsorted(edges, confidence)
    count = np.bincount(index, minlength=bins)
    used = count > 0
    accuracy = np.bincount(index, weights=right, minlength=bins)[used] / count[used]
    mean_confidence = np.bincount(index, weights=confidence, minlength=bins)[used] / count[used]
    theirs = sklearn.calibration.calibration_curve(right, confidence, n_bins=bins, strategy="uniform")
    np.testing.assert_allclose(theirs, (accuracy, mean_confidence))
    return float(np.sum(count[used] * np.abs(accuracy - mean_confidence)) / count.sum())


def splitmix64(seed, counter):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (counter.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def bootstrap95(n, statistic, resamples=1000, seed=0):
    bits = splitmix64(seed, np.arange(resamples * n, dtype=np.uint64))
    indices = ((bits >> np.uint64(32)) * np.uint64(n) >> np.uint64(32)).astype(np.int64).reshape(resamples, n)
    values = np.array([statistic(i) for i in indices])
    return np.percentile(values[~np.isnan(values)], [2.5, 97.5])


def classification(rng):
    for name, n, classes, ties in (("three", 300, 3, False), ("two", 120, 2, False), ("ties", 200, 4, True)):
        labels, probability, vacuity = classification_case(rng, n, classes, ties)
        predicted = probability.argmax(1)
        right = predicted == labels
        wrong = (~right).astype(float)
        one_hot = np.eye(classes)[labels]
        risk = risk_coverage(vacuity, wrong)
        if classes == 2:
            auc = sklearn.metrics.roc_auc_score(labels, probability[:, 1])
        else:
            auc = sklearn.metrics.roc_auc_score(labels, probability, multi_class="ovr", average="macro")
        good_enough = np.flatnonzero(risk <= 0.1 + 1e-9)
        accuracy_interval = bootstrap95(n, lambda i: right[i].mean())
        aurc_interval = bootstrap95(n, lambda i: risk_coverage(vacuity[i], wrong[i]).mean(), 200, 7)
        expected = {
            "accuracy": sklearn.metrics.accuracy_score(labels, predicted),
            "f1_weighted": sklearn.metrics.f1_score(labels, predicted, average="weighted"),
            "auc": auc,
            "brier": sklearn.metrics.brier_score_loss(labels, probability, scale_by_half=False),
            "ece": ece(probability.max(1), right),
            "aurc": risk.mean(),
            "risk_at_80": risk[int(np.ceil(0.8 * n - 1e-9)) - 1],
            "auroc_error": sklearn.metrics.roc_auc_score(wrong, vacuity),
            "coverage_90": (good_enough[-1] + 1) / n if len(good_enough) else 0.0,
            "ause": (risk.mean() - risk_coverage(wrong, wrong).mean()) / wrong.mean(),
            "accuracy_low": accuracy_interval[0],
            "accuracy_high": accuracy_interval[1],
            "aurc_low_200_7": aurc_interval[0],
            "aurc_high_200_7": aurc_interval[1],
        }
        np.testing.assert_allclose(expected["brier"], np.mean(np.sum((probability - one_hot) ** 2, 1)))
        write(f"{name}.txt", ["label"] + [f"p{k}" for k in range(classes)] + ["vacuity"],
              [(label, *p, u) for label, p, u in zip(labels, probability, vacuity)])
        (OUT / f"{name}.expected.txt").write_text("".join(f"{k} {float(v)!r}\n" for k, v in expected.items()))


def blob(rng, height, width, smooth, share):
    field = scipy.ndimage.gaussian_filter(rng.normal(size=(height, width)), smooth)
    return field > np.quantile(field, 1 - share)


def masks(rng):
    """Pairs of masks as rows of 0..3: 1 is set in the first, 2 in the second. Values from MedPy."""
    pairs = [(blob(rng, 23, 31, 3, 0.2), blob(rng, 23, 31, 3, 0.3)) for _ in range(3)]
    first = blob(rng, 40, 28, 4, 0.25)
    pairs.append((first, scipy.ndimage.binary_dilation(first, iterations=2)))
    pairs.append((first, first))
    single, corner = np.zeros((2, 17, 19), bool)
    single[8, 9] = corner[0, 0] = True
    pairs.append((single, corner))
    full = np.ones((9, 12), bool)
    hole = full.copy()
    hole[4:6, 3:9] = False
    pairs.append((full, hole))
    pairs.append((blob(rng, 1, 40, 2, 0.4), blob(rng, 1, 40, 2, 0.4)))
    pairs.append((blob(rng, 37, 1, 2, 0.4), blob(rng, 37, 1, 2, 0.4)))
    text = []
    for a, b in pairs:
        dice = medpy.metric.binary.dc(a, b)
        assd = medpy.metric.binary.assd(a, b)
        hd95 = medpy.metric.binary.hd95(a, b)
        text.append(f"{a.shape[0]} {a.shape[1]} {float(dice)!r} {float(assd)!r} {float(hd95)!r}")
        text += ["".join(str(v) for v in row) for row in a * 1 + b * 2]
    (OUT / "masks.txt").write_text("\n".join(text) + "\n")


def dirichlet(rng):
    """Measures of Dirichlet distributions in 40 digits, rounded to double."""
    rows = [[1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 41.0], [31.0, 31.0], [1e6, 1.0, 3.0], [5e5, 5e5, 5e5],
            [1.0009765625, 1.0, 1.0], [2.0, 1.0, 1.0, 7.5]]
    rows += [list(1 + rng.gamma(0.5, scale, classes)) for classes in (2, 3, 5, 9) for scale in (0.1, 3, 100)]
    lines = []
    for row in rows:
        alpha = [mpmath.mpf(float(a)) for a in row]
        strength = sum(alpha)
        p = [a / strength for a in alpha]
        entropy = -sum(x * mpmath.log(x) for x in p)
        expected = -sum(x * (mpmath.digamma(a + 1) - mpmath.digamma(strength + 1)) for x, a in zip(p, alpha))
        belief = [(a - 1) / strength for a in alpha]
        dissonance = mpmath.mpf(0)
        for k, b in enumerate(belief):
            others = [(c, 1 - abs(c - b) / (c + b) if c * b != 0 else 0) for j, c in enumerate(belief) if j != k]
            if sum(c for c, _ in others) != 0:
                dissonance += b * sum(c * balance for c, balance in others) / sum(c for c, _ in others)
        variance = p[0] * (1 - p[0]) / (strength + 1)
        values = [len(alpha) / strength, dissonance, entropy, expected, entropy - expected, variance]
        lines.append([len(row), *row, *values])
    header = ["classes", "alpha...", "vacuity", "dissonance", "entropy", "expected_entropy", "mutual_information",
              "variance_of_class_0"]
    write("dirichlet.txt", header, lines)
    points = [0.01, 0.5, 1.0, 1.4616321449683622, 2.0, 3.7, 9.5, 10.0, 11.0, 25.0, 1e3, 1e6, 1e12]
    write("digamma.txt", ["x", "digamma", "digamma_minus_log"],
          [(x, mpmath.digamma(x), mpmath.digamma(x) - mpmath.log(x)) for x in map(float, points)])


def main():
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng(20231)
    classification(rng)
    masks(rng)
    dirichlet(rng)
    packages = ("numpy", "scipy", "scikit-learn", "MedPy", "mpmath")
    (OUT / "VERSIONS.txt").write_text("".join(f"{p} {importlib.metadata.version(p)}\n" for p in packages))


if __name__ == "__main__":
    main()
