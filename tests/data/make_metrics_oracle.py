"""Writes the numbers that the C++ metrics and Dirichlet measures are tested against, into the folder metrics/ beside
this file. Needs scikit-learn, scipy, MedPy and mpmath; the versions used are in metrics/VERSIONS.txt."""

import importlib.metadata
import pathlib

import medpy.metric.binary
import mpmath
import numpy as np
import scipy.ndimage
import scipy.stats
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


def ece_debiased(confidence, right, bins=15):
    """Kumar, Liang and Ma 2019; the noise's mean excess by a folded normal distribution."""
    index = np.searchsorted(np.arange(1, bins) / bins, confidence)
    total = 0.0
    for b in np.unique(index):
        count = np.sum(index == b)
        accuracy, mean = right[index == b].mean(), confidence[index == b].mean()
        d, sigma = abs(accuracy - mean), np.sqrt(accuracy * (1 - accuracy) / count)
        total += count * (2 * d - (scipy.stats.foldnorm.mean(d / sigma, scale=sigma) if sigma > 0 else d))
    return max(0.0, total / len(right))


def ece_adaptive(confidence, right, bins=15):
    order = np.argsort(confidence, kind="stable")
    parts = zip(np.array_split(np.sort(confidence), bins), np.array_split(tied_mean(confidence, right), bins))
    assert len(order) == len(right)
    return sum(abs(float(np.sum(r - c))) for c, r in parts) / len(right)


def augrc(vacuity, wrong):
    """By its closed form, Traub et al. 2024."""
    w = wrong.mean()
    return (1 - sklearn.metrics.roc_auc_score(wrong, vacuity)) * w * (1 - w) + w * w / 2


def accept_share(vacuity, wrong, coverage):
    threshold = np.sort(vacuity)[int(np.ceil(coverage * len(vacuity) - 1e-9)) - 1]
    accepted = vacuity <= threshold
    return threshold, accepted.mean(), wrong[accepted].mean()


def bootstrap95_by_group(group, statistic, resamples=1000, seed=0):
    members = [np.flatnonzero(group == g) for g in np.unique(group)]
    return bootstrap95(len(members), lambda i: statistic(np.concatenate([members[j] for j in i])), resamples, seed)


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
        group = np.arange(n) // 7 % 11
        share = accept_share(vacuity, wrong, 0.8)
        grouped = bootstrap95_by_group(group, lambda i: right[i].mean(), 300, 3)
        expected |= {
            "balanced_accuracy": sklearn.metrics.balanced_accuracy_score(labels, predicted),
            "f1_macro": sklearn.metrics.f1_score(labels, predicted, average="macro"),
            "mcc": sklearn.metrics.matthews_corrcoef(labels, predicted),
            "nll": sklearn.metrics.log_loss(labels, probability),
            "ece_debiased": ece_debiased(probability.max(1), right),
            "ece_adaptive": ece_adaptive(probability.max(1), right.astype(float)),
            "ece_classwise": np.mean([ece(probability[:, k], labels == k) for k in range(classes)]),
            "augrc": augrc(vacuity, wrong),
            "share_threshold": share[0],
            "share_coverage": share[1],
            "share_risk": share[2],
            "group_accuracy_low_300_3": grouped[0],
            "group_accuracy_high_300_3": grouped[1],
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


def lesion_f1(a, b):
    """Greedy one-to-one matching of components by IoU down to 0.1."""
    eight = np.ones((3, 3))
    (la, na), (lb, nb) = scipy.ndimage.label(a, eight), scipy.ndimage.label(b, eight)
    pairs = sorted(((-np.sum((la == i) & (lb == j)) / np.sum((la == i) | (lb == j)), j, i)
                    for i in range(1, na + 1) for j in range(1, nb + 1)))
    used_a, used_b, found = set(), set(), 0
    for iou, j, i in pairs:
        if -iou >= 0.1 and i not in used_a and j not in used_b:
            used_a.add(i), used_b.add(j)
            found += 1
    return 2 * found / (na + nb) if na + nb else float("nan")


def surface(a, b, spacing, tolerance):
    """Directed distances between outlines by scipy: hd95_max, hd, nsd."""
    if not a.any() or not b.any():
        return float("nan"), float("nan"), float(a.any() == b.any())
    edge_a, edge_b = a ^ scipy.ndimage.binary_erosion(a), b ^ scipy.ndimage.binary_erosion(b)
    forth = spacing * scipy.ndimage.distance_transform_edt(~edge_b)[edge_a]
    back = spacing * scipy.ndimage.distance_transform_edt(~edge_a)[edge_b]
    both = np.concatenate((forth, back))
    return (max(np.percentile(forth, 95), np.percentile(back, 95)), both.max(),
            np.mean(both <= tolerance * (1 + 1e-12)))


def regions(rng):
    """Pairs of label maps 0..2 as rows of digits 3 truth + predicted. Per region 1 and 2: Dice, IoU, sensitivity,
    specificity, PPV, lesion-wise F1, hd95_max, hd, nsd with spacing 0.5 and tolerance 1.5."""

    def label_map(height, width):
        first, second = blob(rng, height, width, 2, 0.25), blob(rng, height, width, 1.5, 0.2)
        return np.where(second, 2, np.where(first, 1, 0))

    pairs = [(label_map(31, 40), label_map(31, 40)) for _ in range(3)]
    near = label_map(48, 33)
    pairs.append((near, np.roll(near, (1, 2), (0, 1))))
    pairs.append((np.where(near == 2, 0, near), near))
    pairs.append((np.zeros((9, 9), int), np.zeros((9, 9), int)))
    pairs.append((np.full((7, 8), 1), np.full((7, 8), 1)))
    text = []
    for predicted, truth in pairs:
        text.append(f"{truth.shape[0]} {truth.shape[1]}")
        for label in (1, 2):
            a, b = predicted == label, truth == label
            tp, fp, fn, tn = (float(np.sum(x)) for x in (a & b, a & ~b, ~a & b, ~a & ~b))
            share = lambda part, whole, otherwise: part / whole if whole else otherwise
            nan = float("nan")
            numbers = (share(2 * tp, 2 * tp + fp + fn, 1.0), share(tp, tp + fp + fn, 1.0), share(tp, tp + fn, nan),
                       share(tn, tn + fp, nan), share(tp, tp + fp, nan), lesion_f1(a, b), *surface(a, b, 0.5, 1.5))
            text.append(" ".join(repr(float(x)) for x in numbers))
        text += ["".join(str(v) for v in row) for row in truth * 3 + predicted]
    (OUT / "regions.txt").write_text("\n".join(text) + "\n")


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
    regions(rng)
    packages = ("numpy", "scipy", "scikit-learn", "MedPy", "mpmath")
    (OUT / "VERSIONS.txt").write_text("".join(f"{p} {importlib.metadata.version(p)}\n" for p in packages))


if __name__ == "__main__":
    main()
