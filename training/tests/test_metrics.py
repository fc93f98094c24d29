"""The metrics against the values that the C++ tests use (scikit-learn, MedPy)."""

import pathlib

import numpy as np
import pytest

from uml_training import metrics

ORACLE = pathlib.Path(__file__).parents[2] / "tests" / "data" / "metrics"


@pytest.mark.parametrize("name", ["two", "three", "ties"])
def test_classification(name):
    table = np.loadtxt(ORACLE / f"{name}.txt", skiprows=1)
    lines = (ORACLE / f"{name}.expected.txt").read_text().splitlines()
    want = {key: float(value) for key, value in (line.split() for line in lines)}
    labels, probability, u = table[:, 0].astype(int), table[:, 1:-1], table[:, -1]
    predicted = probability.argmax(1)
    right = predicted == labels
    wrong = (~right).astype(float)
    low, high = metrics.bootstrap95(len(labels), lambda i: right[i].mean())
    low_aurc, high_aurc = metrics.bootstrap95(len(labels), lambda i: metrics.aurc(u[i], wrong[i]), 200, 7)
    have = {
        "accuracy": metrics.accuracy(labels, predicted), "f1_weighted": metrics.f1_weighted(labels, predicted),
        "auc": metrics.auc(labels, probability), "brier": metrics.brier(labels, probability),
        "ece": metrics.ece(probability.max(1), right), "aurc": metrics.aurc(u, wrong),
        "risk_at_80": metrics.risk_at(u, wrong, 0.8), "auroc_error": metrics.auroc(u, wrong),
        "coverage_90": metrics.coverage_at_accuracy(u, wrong, 0.9), "ause": metrics.ause(u, wrong),
        "accuracy_low": low, "accuracy_high": high, "aurc_low_200_7": low_aurc, "aurc_high_200_7": high_aurc,
    }
    assert have == pytest.approx({name: want[name] for name in have}, abs=1e-12)  # the others are of C++ alone


def test_masks():
    lines = (ORACLE / "masks.txt").read_text().splitlines()
    checked = 0
    while lines:
        height, _, *want = lines.pop(0).split()
        rows = np.array([[int(c) for c in lines.pop(0)] for _ in range(int(height))])
        mask, truth = (rows & 1).astype(bool), (rows & 2).astype(bool)
        have = [metrics.dice(mask, truth), *metrics.surface_distances(mask, truth)]
        assert have == pytest.approx([float(w) for w in want], abs=1e-12)
        checked += 1
    assert checked >= 9


def test_nothing_made_up():
    empty, some = np.zeros((4, 5), bool), np.ones((4, 5), bool)
    assert metrics.dice(empty, empty) == 1
    assert all(np.isnan(metrics.surface_distances(empty, some)))
    assert np.isnan(metrics.auroc(np.arange(3.0), np.zeros(3)))
