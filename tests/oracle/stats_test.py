#!/usr/bin/env python3
"""stats/ against SciPy on 200 random inputs each, relative error 1e-10. Tango's interval and the equivalence test are computed here from
their definition (the likelihood maximised by a root of its derivative), not from the closed form that stats/ uses; the variance of clustered
answers as a regression's sandwich in matrices, image by image.

Usage: stats_test.py WORK_FOLDER TOOL  (tests/tools/stats_values.cc)
"""
import os
import subprocess
import sys

try:
    import numpy as np
    from scipy import optimize, stats
except ImportError as missing:
    print(f"skipped: {missing}; run scripts/setup --tests for the oracle packages")
    sys.exit(1 if os.environ.get("LITEQAT_REQUIRE_ORACLES") == "1" else 77)

CASES, TOLERANCE = 200, 1e-10


def restricted(b, c, n, difference):
    """P(only b is right) that maximises the likelihood of (b, c, n - b - c) given P(only a) = P(only b) + difference."""
    low = max(0.0, -difference)
    room = (1 - abs(difference)) / 2  # what is left above the lower bound, where P(both alike) becomes 0

    def slope(t):  # of the log likelihood at q = low + t; either q or q + difference is t itself
        return b / (t + max(0.0, difference)) + c / (t + low) - (n - b - c) / (room - t)

    tiny = room * 1e-15
    if not slope(tiny) > 0:
        return low
    return low + optimize.brentq(slope, tiny, room * (1 - 1e-15), xtol=1e-18, rtol=8.9e-16, maxiter=500)


def score(b, c, n, difference):
    q = restricted(b, c, n, difference)
    return (b - c - n * difference) / np.sqrt(n * (2 * q + difference * (1 - difference)))


def tango(b, c, n, level):
    z, observed, edge = stats.norm.ppf(0.5 + level / 2), (b - c) / n, 1e-9
    low = optimize.brentq(lambda d: score(b, c, n, d) - z, -1 + edge, observed, xtol=1e-16, rtol=8.9e-16)
    high = optimize.brentq(lambda d: score(b, c, n, d) + z, observed, 1 - edge, xtol=1e-16, rtol=8.9e-16)
    return [low, high]


def mcnemar(b, c):
    exact = stats.binomtest(min(b, c), b + c, 0.5).pvalue
    observed = stats.binom.pmf(min(b, c), b + c, 0.5)
    return [exact, 1 - 0.5 * observed if b == c else exact - observed]


def holm(p):
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(np.minimum(1, np.sort(p) * np.arange(len(p), 0, -1)))
    result = np.empty(len(p))
    result[order] = adjusted
    return result


def unpaired(a, n, b, m):
    pooled = (a + b) / (n + m)
    return [2 * stats.norm.sf(abs(a / n - b / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)))]


def gap(n, discordance):
    za, zp = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    excess = lambda d: za * np.sqrt(discordance) + zp * np.sqrt(discordance - d * d) - d * np.sqrt(n)
    return [optimize.brentq(excess, 0, discordance, xtol=1e-18, rtol=8.9e-16)] if excess(discordance) < 0 else [-1.0]


def cluster_variance(sums, totals):
    """Sandwich of the intercept-only regression whose clusters are independent: what statsmodels' OLS gives with cov_type="cluster"."""
    images = np.repeat(np.arange(len(totals)), totals)
    scores = np.concatenate([np.r_[np.full(abs(s), np.sign(s)), np.zeros(t - abs(s))] for s, t in zip(sums, totals)])
    design = np.ones((len(scores), 1))
    bread = np.linalg.inv(design.T @ design)
    mean = np.sum(sums) / np.sum(totals)  # the regression's coefficient, (X'X)^-1 X'y, without its rounding
    inner = np.zeros((1, 1))
    for cluster in range(len(totals)):
        piece = design[images == cluster].T @ (scores[images == cluster] - mean)
        inner += np.outer(piece, piece)
    return mean, (bread @ inner @ bread)[0, 0] * len(totals) / (len(totals) - 1)


def wilson_of(p, n, level):
    """The two proportions whose score statistic is +-z: roots of n (p - x)^2 = z^2 x (1 - x)."""
    z = stats.norm.ppf(0.5 + level / 2)
    excess = lambda x: n * (p - x) ** 2 - z * z * x * (1 - x)
    low = optimize.brentq(excess, 0, p, xtol=1e-18, rtol=8.9e-16) if p > 0 else 0.0
    return [low, optimize.brentq(excess, p, 1, xtol=1e-18, rtol=8.9e-16) if p < 1 else 1.0]


def clustered(sums, totals, level):
    mean, variance = cluster_variance(sums, totals)
    n, m = int(np.sum(totals)), len(totals)
    effect = n / m if mean in (0, 1) else max(1.0, variance / (mean * (1 - mean) / n))
    ratio = stats.norm.ppf(0.5 + level / 2) / stats.t.ppf(0.5 + level / 2, m - 1)
    return [mean, *wilson_of(mean, n / effect * ratio ** 2, level), effect, n / effect]


def clustered_gap(sums, totals, level, margin, gap):
    mean, variance = cluster_variance(sums, totals)
    m, error = len(totals), np.sqrt(variance)
    low, high = stats.t.interval(level, m - 1, loc=mean, scale=error)
    tost = max(stats.t.sf((mean + margin) / error, m - 1), stats.t.cdf((mean - margin) / error, m - 1))
    quantiles = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    smallest = quantiles * error
    return [mean, max(-1, low), min(1, high), 2 * stats.t.sf(abs(mean) / error, m - 1), tost, np.ceil(quantiles ** 2 * variance * m / gap ** 2),
            smallest if smallest <= 1 else -1.0]


def paired_images(gap, discordance):
    za, zp = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    return [float(np.ceil(((za * np.sqrt(discordance) + zp * np.sqrt(discordance - gap * gap)) / gap) ** 2))]


def unpaired_images(a, b):
    za, zp, mean = stats.norm.ppf(0.975), stats.norm.ppf(0.8), (a + b) / 2
    return [float(np.ceil(((za * np.sqrt(2 * mean * (1 - mean)) + zp * np.sqrt(a * (1 - a) + b * (1 - b))) / (a - b)) ** 2))]


def cluster_cases(rng, level):
    totals = rng.integers(1, 8, int(rng.integers(2, 60)))
    easy = rng.beta(2, 1, len(totals))
    right = rng.binomial(totals, easy)
    pairs = lambda sums: [float(x) for pair in zip(sums, totals) for x in pair]
    yield "clusters", [level, *pairs(right)], clustered(right, totals, level)
    difference = right - rng.binomial(totals, easy)
    if np.any(difference):
        margin, gap = float(rng.uniform(0.001, 0.2)), float(rng.uniform(0.01, 0.2))
        yield "clustered_difference", [level, margin, gap, *pairs(difference)], clustered_gap(difference, totals, level, margin, gap)


def make_cases(rng):
    for _ in range(CASES):
        n = int(rng.integers(1, 100001))
        k, level = int(rng.integers(0, n + 1)), float(rng.uniform(0.5, 0.999))
        for name, method in (("wilson", "wilson"), ("clopper_pearson", "exact")):
            yield name, [k, n, level], list(stats.binomtest(k, n).proportion_ci(level, method=method))
        b, c = (int(x) for x in rng.integers(0, int(rng.choice([10, 300, 3000])), 2))
        if b + c:
            yield "mcnemar", [b, c], mcnemar(b, c)
        n, b, c = int(rng.integers(200, 20001)), int(rng.integers(1, 60)), int(rng.integers(1, 60))
        yield "tango", [b, c, n, level], tango(b, c, n, level)
        margin = float(rng.uniform(0.001, 0.05))
        yield "tost", [b, c, n, margin], [max(stats.norm.sf(score(b, c, n, -margin)), stats.norm.cdf(score(b, c, n, margin)))]
        m = int(rng.integers(2, 100001))
        a, d = int(rng.integers(1, n)), int(rng.integers(1, m))
        yield "z", [a, n, d, m], unpaired(a, n, d, m)
        discordance = float(rng.uniform(0.001, 0.5))
        yield "gap", [m, discordance], gap(m, discordance)
        yield from cluster_cases(rng, level)
        asked, a, b = float(rng.uniform(0.001, 1)) * discordance, float(rng.uniform(0.01, 0.99)), float(rng.uniform(0.01, 0.99))
        yield "paired_images", [asked, discordance], paired_images(asked, discordance)
        yield "unpaired_images", [a, b], unpaired_images(a, b)
        p = rng.uniform(0, 1, int(rng.integers(1, 12)))
        yield "holm", p.tolist(), holm(p)


def main():
    cases = list(make_cases(np.random.default_rng(5)))
    text = "".join(f"{name} {' '.join(repr(x) for x in inputs)}\n" for name, inputs, _ in cases)
    lines = subprocess.run([sys.argv[2]], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(cases), (len(lines), len(cases))
    worst = {}
    for (name, inputs, expected), line in zip(cases, lines):
        got = [float(x) for x in line.split()]
        assert len(got) == len(expected), (name, inputs)
        for ours, theirs in zip(got, expected):
            # Below 1e-280 both sides lose digits to denormals; bounds of 0 are exact.
            error = abs(ours - theirs) / abs(theirs) if abs(theirs) > 1e-280 else abs(ours - theirs)
            assert error <= TOLERANCE, f"{name} {inputs}: {ours!r}, SciPy {theirs!r}, relative error {error:.2e}"
            worst[name] = max(worst.get(name, 0), error)
    for name, error in sorted(worst.items()):
        print(f"{name:<16} worst relative error {error:.1e}")


main()
