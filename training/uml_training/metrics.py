"""Metrics of classification, segmentation and uncertainty, by the same definitions as the C++ headers uml/metrics.

Undefined values are NaN and never a made-up number. Uncertainty may be in any unit: only its order counts.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import ndimage, stats

ROUNDING = 1e-9


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    return float((labels == predicted).mean())


def f1_weighted(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean of the classes' F1 = 2 TP / (2 TP + FP + FN), weighted by how often each class is the true one."""
    classes = 1 + int(max(labels.max(), predicted.max()))
    support, claimed = np.bincount(labels, minlength=classes), np.bincount(predicted, minlength=classes)
    hits = np.bincount(labels[labels == predicted], minlength=classes)
    return float((support * 2 * hits / np.maximum(support + claimed, 1)).sum() / len(labels))


def auroc(score: np.ndarray, positive: np.ndarray) -> float:
    """By ranks, ties counting half. NaN when there is no positive or no negative."""
    positive = np.asarray(positive, dtype=bool)
    p, n = int(positive.sum()), int((~positive).sum())
    if p == 0 or n == 0:
        return math.nan
    return float((stats.rankdata(score)[positive].sum() - p * (p + 1) / 2) / (p * n))


def auc(labels: np.ndarray, probability: np.ndarray) -> float:
    """Mean over the classes of one against the rest; of two classes that of class 1."""
    classes = range(1, 2) if probability.shape[1] == 2 else range(probability.shape[1])
    return mean([auroc(probability[:, k], labels == k) for k in classes])


def brier(labels: np.ndarray, probability: np.ndarray) -> float:
    """Mean of sum_k (p_k - [k is true])^2, in [0, 2]."""
    return float(((probability - np.eye(probability.shape[1])[labels]) ** 2).sum(1).mean())


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts, mean confidence and accuracy of bins of equal width, closed at the top; 0 in empty bins."""
    index = np.searchsorted(np.arange(1, bins) / bins, confidence)
    count = np.bincount(index, minlength=bins)
    some = np.maximum(count, 1)
    return (count, np.bincount(index, weights=confidence, minlength=bins) / some,
            np.bincount(index, weights=right, minlength=bins) / some)


def ece(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> float:
    count, p, a = reliability(confidence, right, bins)
    return float((count * np.abs(a - p)).sum() / count.sum())


def risk_coverage(uncertainty: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Mean loss of the m most certain cases, m = 1..n; cases of equal uncertainty count with their mean loss."""
    _, group = np.unique(uncertainty, return_inverse=True)
    tied = np.bincount(group, weights=loss) / np.bincount(group)
    return np.cumsum(tied[np.sort(group)]) / np.arange(1, len(loss) + 1)


def aurc(uncertainty: np.ndarray, loss: np.ndarray) -> float:
    return float(risk_coverage(uncertainty, loss).mean())


def augrc(uncertainty: np.ndarray, loss: np.ndarray) -> float:
    """Mean over the coverages m / n of the loss of the m most certain cases, divided by all n: the generalised risk
    (Traub et al., NeurIPS 2024). Unlike aurc it does not weigh the first few cases most."""
    n = len(loss)
    return float((risk_coverage(uncertainty, loss) * np.arange(1, n + 1) / n).mean())


def risk_at(uncertainty: np.ndarray, loss: np.ndarray, coverage: float) -> float:
    risk = risk_coverage(uncertainty, loss)
    return float(risk[max(1, math.ceil(coverage * len(risk) - ROUNDING)) - 1])


def coverage_at_accuracy(uncertainty: np.ndarray, wrong: np.ndarray, wanted: float) -> float:
    """The largest share accepted, in order of uncertainty, with at least the share `wanted` of them right; or 0."""
    good = np.flatnonzero(risk_coverage(uncertainty, wrong) <= 1 - wanted + ROUNDING)
    return float((good[-1] + 1) / len(wrong)) if len(good) else 0.0


def ause(uncertainty: np.ndarray, error: np.ndarray) -> float:
    """Area between the risk-coverage curves by uncertainty and by the error itself, over the mean error."""
    total = error.mean()
    return (aurc(uncertainty, error) - aurc(error, error)) / total if total > 0 else math.nan


def dice(mask: np.ndarray, truth: np.ndarray) -> float:
    """Of the pixels that are set; 1 when both masks are empty."""
    total = int(mask.sum()) + int(truth.sum())
    return 2 * int((mask & truth).sum()) / total if total else 1.0


def surface_distances(mask: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """ASSD and HD95 in pixels between the outlines (4-neighbours); NaN when either mask is empty."""
    if not mask.any() or not truth.any():
        return math.nan, math.nan
    a, b = (m & ~ndimage.binary_erosion(m) for m in (mask, truth))
    distances = np.concatenate([ndimage.distance_transform_edt(~b)[a], ndimage.distance_transform_edt(~a)[b]])
    return float(distances.mean()), float(np.percentile(distances, 95))


def mean(values: list[float] | np.ndarray) -> float:
    """Of the values that are defined; NaN if none is."""
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else math.nan


def random_bits(seed: int, counter: np.ndarray) -> np.ndarray:
    """SplitMix64: the same numbers as the C++ bootstrap draws."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (counter.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def bootstrap95(n: int, statistic: Callable[[np.ndarray], float], resamples: int = 1000,
                seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval over resamples of n images; resamples without a value are left out."""
    bits = random_bits(seed, np.arange(resamples * n, dtype=np.uint64)) >> np.uint64(32)
    indices = (bits * np.uint64(n) >> np.uint64(32)).astype(np.int64).reshape(resamples, n)
    values = np.array([statistic(i) for i in indices])
    values = values[~np.isnan(values)]
    return tuple(map(float, np.percentile(values, [2.5, 97.5]))) if len(values) else (math.nan, math.nan)
