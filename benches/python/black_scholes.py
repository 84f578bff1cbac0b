"""The price of European calls: exp, log, sqrt and a branch, by the polynomial form of the normal distribution."""

import math

import numba
import numpy as np

from benches.python.protocol import Candidate, Row
from verdigris import vectorize

RATE, VOLATILITY = 0.02, 0.30
SIGNATURES = ["float64(float64, float64, float64)"]

# Abramowitz and Stegun 26.2.17
A1, A2, A3, A4, A5 = 0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429
SCALE = 0.2316419
DENSITY = 0.3989422804014327


def call_price(spot, strike, years):
    spread = VOLATILITY * math.sqrt(years)
    d1 = (math.log(spot / strike) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * years) / spread
    d2 = d1 - spread
    k1 = 1.0 / (1.0 + SCALE * abs(d1))
    k2 = 1.0 / (1.0 + SCALE * abs(d2))
    n1 = DENSITY * math.exp(-0.5 * d1 * d1) * (k1 * (A1 + k1 * (A2 + k1 * (A3 + k1 * (A4 + k1 * A5)))))
    n2 = DENSITY * math.exp(-0.5 * d2 * d2) * (k2 * (A1 + k2 * (A2 + k2 * (A3 + k2 * (A4 + k2 * A5)))))
    if d1 > 0.0:
        n1 = 1.0 - n1
    if d2 > 0.0:
        n2 = 1.0 - n2
    return spot * n1 - strike * math.exp(-RATE * years) * n2


def numpy_call_price(spot, strike, years, out):
    def normal(d):
        k = 1.0 / (1.0 + SCALE * np.abs(d))
        tail = DENSITY * np.exp(-0.5 * d * d) * (k * (A1 + k * (A2 + k * (A3 + k * (A4 + k * A5)))))
        return np.where(d > 0.0, 1.0 - tail, tail)

    spread = VOLATILITY * np.sqrt(years)
    d1 = (np.log(spot / strike) + (RATE + 0.5 * VOLATILITY * VOLATILITY) * years) / spread
    np.subtract(spot * normal(d1), strike * np.exp(-RATE * years) * normal(d1 - spread), out=out)


def rows():
    n = 1_000_000
    rng = np.random.default_rng(2)
    # Near the money: deep out of it the price is a difference of tiny numbers, and comparing would mean nothing.
    spot, strike, years = rng.uniform(80, 120, n), rng.uniform(80, 120, n), rng.uniform(0.25, 2, n)

    def candidate(label, function):
        out = np.empty(n)
        return Candidate(label, lambda: function(spot, strike, years, out=out), lambda: out)

    for target, cores in (("cpu", "one core"), ("parallel", "all cores")):
        candidates = [
            candidate(f"verdigris {target}", vectorize(SIGNATURES, target=target)(call_price)),
            candidate(f"Numba {target}", numba.vectorize(SIGNATURES, target=target)(call_price)),
        ]
        if target == "cpu":
            candidates.append(candidate("NumPy", numpy_call_price))
        yield Row(f"Black-Scholes, {n:,}, {cores}", tuple(candidates), n, rtol=1e-9)
