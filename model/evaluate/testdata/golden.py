"""Goldens of the metrics from scikit-learn.

Pictures are drawn by the integer hash that package bundle documents: picture i
of a case has the true class (h(4i) mod classes), and its probability of class k
is w_k / sum of w with the integer weights

    w_k = 1 + h(1000000 + i*classes + k) mod levels + (bonus if k is the true class)

where a class in "muted" has weight 1, so that it is never the answer. Few levels
make many ties. What scikit-learn has not (expected calibration error with bins
of equal mass, specificity) is written out with numpy.

    pip install numpy scikit-learn
    python3 golden.py

writes golden.json.
"""

import json
import os

import numpy as np
from sklearn import metrics as sk

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = [
    dict(name="four classes, overlapping", seed=1, pictures=400, classes=4, levels=16, bonus=10, muted=[]),
    dict(name="four classes, well apart", seed=2, pictures=600, classes=4, levels=64, bonus=58, muted=[]),
    dict(name="all right", seed=7, pictures=120, classes=4, levels=8, bonus=90, muted=[]),
    dict(name="two classes", seed=3, pictures=150, classes=2, levels=9, bonus=3, muted=[]),
    dict(name="many ties, in full", seed=4, pictures=40, classes=3, levels=3, bonus=2, muted=[]),
    dict(name="a class never answered", seed=5, pictures=300, classes=4, levels=16, bonus=8, muted=[2]),
    dict(name="fewer pictures than bins", seed=6, pictures=11, classes=3, levels=5, bonus=4, muted=[]),
]
CURVES = "many ties, in full"
BINS = 15


def hash32(seed, i):
    h = (np.uint64(seed) + i.astype(np.uint64) * np.uint64(0x9E3779B9)).astype(np.uint32)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def draw(case):
    n, classes = case["pictures"], case["classes"]
    truth = (hash32(case["seed"], 4 * np.arange(n)) % classes).astype(int)
    weights = 1 + (hash32(case["seed"], 1000000 + np.arange(n * classes)) % case["levels"]).astype(int).reshape(n, classes)
    weights[np.arange(n), truth] += case["bonus"]
    weights[:, case["muted"]] = 1
    return truth, weights / weights.sum(axis=1, keepdims=True)


def calibration_error(truth, probabilities):
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    _, tie = np.unique(top, return_inverse=True)
    right = (np.bincount(tie, right) / np.bincount(tie))[tie]  # equal probabilities share their accuracy
    order = np.argsort(top, kind="stable")
    n = len(truth)
    cuts = [n * b // BINS for b in range(1, BINS)]
    return sum(
        len(b) * abs(top[b].mean() - right[b].mean()) for b in np.split(order, cuts) if len(b)
    ) / n


def measure(case):
    truth, p = draw(case)
    classes = list(range(case["classes"]))
    answer = p.argmax(axis=1)
    each = dict(labels=classes, average=None, zero_division=0)
    confusion = sk.confusion_matrix(truth, answer, labels=classes)
    per_class = dict(
        precision=sk.precision_score(truth, answer, **each),
        recall=sk.recall_score(truth, answer, **each),
        specificity=np.array([sk.recall_score(truth != k, answer != k) for k in classes]),
        f1=sk.f1_score(truth, answer, **each),
        f2=sk.fbeta_score(truth, answer, beta=2, **each),
        auc=np.array([sk.roc_auc_score(truth == k, p[:, k]) for k in classes]),
        average_precision=np.array([sk.average_precision_score(truth == k, p[:, k]) for k in classes]),
    )
    out = dict(
        case,
        confusion=confusion.tolist(),
        accuracy=sk.accuracy_score(truth, answer),
        kappa=sk.cohen_kappa_score(truth, answer),
        matthews=sk.matthews_corrcoef(truth, answer),
        calibration=calibration_error(truth, p),
        brier=sk.brier_score_loss(np.eye(len(classes))[truth], p, scale_by_half=False),
        per_class={k: v.tolist() for k, v in per_class.items()},
        macro={k: float(v.mean()) for k, v in per_class.items()},
    )
    if case["name"] == CURVES:
        out["roc"], out["precision_recall"] = [], []
        for k in classes:
            x, y, _ = sk.roc_curve(truth == k, p[:, k], drop_intermediate=False)
            out["roc"].append(np.stack([x, y], 1).tolist())
            precision, recall, _ = sk.precision_recall_curve(truth == k, p[:, k])
            out["precision_recall"].append(np.stack([recall, precision], 1)[::-1].tolist())
    return out


with open(os.path.join(HERE, "golden.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(measure(c)) for c in CASES) + "\n]\n")
