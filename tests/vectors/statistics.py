#!/usr/bin/python3
"""What SciPy says of the statistics that comparisons use, for tests/unit/base/vectors.cpp.

  tests/vectors/statistics.py            writes statistics.json beside this file; with SciPy 1.11 or newer, as the quantiles
                                         of t of older ones are right to nine digits only
  tests/vectors/statistics.py --check    exit code 1 if that is not what it would write
"""

import itertools
import json
import math
import sys
from pathlib import Path

import numpy
from scipy import stats

FILE = Path(__file__).with_suffix(".json")


def differences():
    """Log-ratios of two to sixteen pairs: equal, shifted, heavy-tailed, tiny."""
    draw = numpy.random.default_rng(20260131)
    yield [0.125, -0.25]
    yield [1e-9, 3e-9, -2e-9]
    for pairs, shift, scale in [(5, 0, 0.003), (8, 0.01, 0.003), (10, 0.03, 0.003), (12, -0.2, 0.5), (16, 0, 1)]:
        yield (shift + scale * draw.standard_normal(pairs)).tolist()
    yield (0.003 * draw.standard_t(2, 10)).tolist()


def sign_flips(values):
    observed = abs(sum(values)) * (1 - 1e-12)
    flips = itertools.product((1, -1), repeat=len(values))
    return sum(abs(math.fsum(s * v for s, v in zip(signs, values))) >= observed for signs in flips) / 2 ** len(values)


def paired(values):
    test = stats.ttest_1samp(values, 0)
    interval = test.confidence_interval(0.95)
    return {"differences": values, "mean": float(numpy.mean(values)), "deviation": float(numpy.std(values, ddof=1)),
            "low": float(interval.low), "high": float(interval.high), "p": float(test.pvalue), "sign_flip_p": sign_flips(values)}


def benjamini_hochberg(p):
    """As scipy.stats.false_discovery_control has it, which older SciPy does not: min over j >= i of p_(j) m / j."""
    order, count = numpy.argsort(p), len(p)
    scaled = numpy.asarray(p)[order] * count / numpy.arange(1, count + 1)
    adjusted = numpy.empty(count)
    adjusted[order] = numpy.minimum(1, numpy.minimum.accumulate(scaled[::-1])[::-1])
    if hasattr(stats, "false_discovery_control"):
        assert numpy.allclose(adjusted, stats.false_discovery_control(p), rtol=1e-14, atol=0)
    return adjusted.tolist()


def holm(p):
    """By the definition: the i-th smallest times what is left, and never below the one before."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, most = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = most
    return adjusted


def corrected(p):
    return {"p": p, "benjamini_hochberg": benjamini_hochberg(p), "holm": holm(p)}


def families():
    draw = numpy.random.default_rng(7)
    yield [0.04]
    yield [0.01, 0.04, 0.03, 0.005]
    yield [0.5, 0.5, 0.5]
    yield [0.0, 1.0, 1e-12, 0.2, 0.2]
    yield (draw.random(40) ** 3).tolist()


def median_interval(samples):
    """The narrowest symmetric pair of order statistics that covers 95 %, by the binomial distribution."""
    values, count = sorted(samples), len(samples)
    covers = [1 - 2 * float(stats.binom.cdf(skip, count, 0.5)) for skip in range((count + 1) // 2)]
    skip = max((i for i, coverage in enumerate(covers) if coverage >= 0.95), default=0)
    return {"samples": samples, "median": float(numpy.median(samples)), "low": values[skip], "high": values[-1 - skip],
            "coverage": covers[skip]}


def vectors():
    draw = numpy.random.default_rng(11)
    return {"paired": [paired(values) for values in differences()],
            "corrected": [corrected(p) for p in families()],
            "medians": [median_interval(draw.lognormal(0, 0.1, count).tolist()) for count in (2, 5, 6, 9, 25, 100)],
            "reach": [{"pairs": pairs, "alpha": alpha,
                       "reach": float(stats.t.isf(alpha / 2, pairs - 1) / math.sqrt(pairs))}
                      for pairs in (2, 3, 10, 50, 1000) for alpha in (0.05, 0.001, 1e-8)]}


def main(words):
    made = vectors()
    if words == ["--check"]:
        def near(a, b):
            if isinstance(a, dict):
                return a.keys() == b.keys() and all(near(a[key], b[key]) for key in a)
            if isinstance(a, list):
                return len(a) == len(b) and all(near(x, y) for x, y in zip(a, b))
            return math.isclose(a, b, rel_tol=1e-8, abs_tol=1e-300)
        return 0 if near(made, json.loads(FILE.read_text())) else 1
    FILE.write_text(json.dumps(made, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
