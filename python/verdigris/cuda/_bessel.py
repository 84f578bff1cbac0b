"""Bessel functions for kernels: what `libdevice.j0` and its kin are made of.

Up to 8 they are Chebyshev series in the square of the argument (with the logarithm and the pole of `y0` and `y1` beside them),
from 8 on the amplitudes of a sine and a cosine, whose Chebyshev series are in (8 / x)**2. The coefficients were computed with
40 digits (mpmath) and are exact to float64. Orders beyond 1 come from the recurrence, upward where that is stable (Y, and J from
x = n on), else downward from an order that is large enough (Miller's algorithm). Errors are those of float64 arithmetic in units
of the functions' amplitude: near their zeros the relative error is larger, as in CUDA.
"""

from __future__ import annotations

import math

import numpy as np

from verdigris.cuda._decorators import jit

# fmt: off
J0 = np.array([
    0.15772797147489012, -0.008723442352852221, 0.2651786132033368, -0.37009499387264977, 0.15806710233209725,
    -0.034893769411408884, 0.004819180069467605, -0.00046062616620627504, 3.246032882100508e-05, -1.7619469077621507e-06,
    7.608163592418782e-08, -2.679253530557673e-09, 7.848696314479465e-11, -1.9438346867370164e-12, 4.125320595634374e-14,
    -7.588508125447546e-16, 1.2218515873961411e-17,
])
J1 = np.array([
    0.08104484632565812, -0.1489751450676521, 0.1609992623572097, -0.08268049176681791, 0.022213639654966037,
    -0.003646940600769276, 0.0004050337728354822, -3.255554866857259e-05, 1.9858774049915165e-06, -9.521984756750436e-08,
    3.687133759097148e-09, -1.178026622695885e-10, 3.160154580348003e-12, -7.221755239651773e-14, 1.4232144003513942e-15,
    -2.4441972916190464e-17,
])
Y0 = np.array([
    0.03645469809116044, -0.2783237094075825, 0.2960499990207148, 0.09825508408187864, -0.10755155280627783,
    0.031799074084414514, -0.005161397105810715, 0.0005498525320039012, -4.1996983149420134e-05, 2.4290361107923793e-06,
    -1.1049969793472957e-07, 4.06651736597911e-09, -1.2374148898289854e-10, 3.1685725528945945e-12, -6.926956032431002e-14,
    1.3086308625876684e-15, -2.1586201986914482e-17,
])
Y1 = np.array([
    0.038300769852423776, -0.08182561412732826, -0.0248677076121964, 0.047967452752746984, -0.01852588451089802,
    0.003680607687823511, -0.0004627254060293369, 4.06940026958087e-05, -2.6617695125295625e-06, 1.350602691325434e-07,
    -5.483524110336276e-09, 1.8245086841229007e-10, -5.070666636591129e-12, 1.1956162517587948e-13, -2.423162442712473e-15,
    4.268126513072962e-17,
])
P0 = np.array([
    0.9994603493475187, -0.0005365220468132117, 3.0751847875194745e-06, -5.1705945376060975e-08, 1.6306464635151382e-09,
    -7.86409137723707e-11, 5.168262387349193e-12, -4.3045788699253914e-13, 4.3265957431549404e-14, -5.069034095935236e-15,
    6.748072215733873e-16, -1.0011513723467786e-16, 1.6305919233744186e-17, -2.880866169482871e-18,
])
Q0 = np.array([
    -0.015555854605337009, 6.838519942611649e-05, -7.414498411060647e-07, 1.7972457247968992e-08, -7.27191593686632e-10,
    4.2201219046687385e-11, -3.206747420996635e-12, 3.006145125351706e-13, -3.336328185322427e-14, 4.255225040245461e-15,
    -6.09993013164005e-16, 9.662128970303257e-17, -1.6686065214378146e-17, 3.1082440486738143e-18,
])
P1 = np.array([
    1.0009030408600137, 0.0008989898330859408, -3.987284300488908e-06, 6.177633960644299e-08, -1.8718907491063067e-09,
    8.816898659582339e-11, -5.704863640395645e-12, 4.699195515230542e-13, -4.6842237839904895e-14, 5.452674896044717e-15,
    -7.221180842274018e-16, 1.0667689114335412e-16, -1.7312313216116335e-17, 3.0492991197665872e-18,
])
Q1 = np.array([
    0.04677778706953532, -9.62772354915708e-05, 9.138615257955454e-07, -2.0959781384083424e-08, 8.229193327650554e-10,
    -4.686363688176945e-11, 3.5152187949686082e-12, -3.2643156743279e-13, 3.5967765829165294e-14, -4.5612523950772974e-15,
    6.508282957783384e-16, -1.0269147531823243e-16, 1.767635548776479e-17, -3.2834519872981614e-18,
])
# fmt: on
TWO_BY_PI = 2.0 / math.pi
ROOT_BY_PI = 1.0 / math.sqrt(math.pi)
LARGE = 1e100


@jit(device=True)
def series(coefficients, t):
    """A Chebyshev series at t, in [-1, 1]."""
    last = 0.0
    before = 0.0
    for k in range(coefficients.size - 1, 0, -1):
        last, before = coefficients[k] + 2.0 * t * last - before, last
    return coefficients[0] + t * last - before


@jit(device=True)
def log_half(x):
    """The logarithm of x / 2."""
    return math.log(x / 2.0) if x > 1e-300 else math.log(x) - math.log(2.0)


@jit(device=True)
def j0(x):
    x = abs(x)
    if x <= 8.0:
        return series(J0, x * x / 32.0 - 1.0)
    if math.isinf(x):
        return 0.0
    t = 2.0 * (8.0 / x) * (8.0 / x) - 1.0
    sine, cosine = math.sin(x), math.cos(x)
    return ROOT_BY_PI / math.sqrt(x) * (series(P0, t) * (cosine + sine) - 8.0 / x * series(Q0, t) * (sine - cosine))


@jit(device=True)
def j1(x):
    size = abs(x)
    if size <= 8.0:
        return x * series(J1, x * x / 32.0 - 1.0)
    if math.isinf(x):
        return math.copysign(0.0, x)
    t = 2.0 * (8.0 / size) * (8.0 / size) - 1.0
    sine, cosine = math.sin(size), math.cos(size)
    value = ROOT_BY_PI / math.sqrt(size) * (series(P1, t) * (sine - cosine) + 8.0 / size * series(Q1, t) * (sine + cosine))
    return math.copysign(1.0, x) * value


@jit(device=True)
def y0(x):
    if x <= 0.0 or math.isnan(x):
        return -math.inf if x == 0.0 else math.nan
    if x <= 8.0:
        t = x * x / 32.0 - 1.0
        return TWO_BY_PI * log_half(x) * series(J0, t) + series(Y0, t)
    if math.isinf(x):
        return 0.0
    t = 2.0 * (8.0 / x) * (8.0 / x) - 1.0
    sine, cosine = math.sin(x), math.cos(x)
    return ROOT_BY_PI / math.sqrt(x) * (series(P0, t) * (sine - cosine) + 8.0 / x * series(Q0, t) * (cosine + sine))


@jit(device=True)
def y1(x):
    if x <= 0.0 or math.isnan(x):
        return -math.inf if x == 0.0 else math.nan
    if x <= 8.0:
        t = x * x / 32.0 - 1.0
        return TWO_BY_PI * (log_half(x) * (x * series(J1, t)) - 1.0 / x) + x * series(Y1, t)
    if math.isinf(x):
        return 0.0
    t = 2.0 * (8.0 / x) * (8.0 / x) - 1.0
    sine, cosine = math.sin(x), math.cos(x)
    return ROOT_BY_PI / math.sqrt(x) * (8.0 / x * series(Q1, t) * (sine - cosine) - series(P1, t) * (cosine + sine))


@jit(device=True)
def downward(n, x):
    """J of order n >= 2 at x > 0, below n: the recurrence from a high order down to 0, scaled by the sum that is 1."""
    above, here = 0.0, 1.0
    total, found = 0.0, 0.0
    high = 2 * ((n + int(math.sqrt(200.0 * n)) + 16) // 2)
    for order in range(high, 0, -1):
        above, here = here, 2.0 * order / x * here - above
        if abs(here) > LARGE:
            here, above = here / LARGE, above / LARGE
            total, found = total / LARGE, found / LARGE
        if order == n + 1:
            found = here
        if order % 2 == 1:
            total += here if order == 1 else 2.0 * here
    return found / total


@jit(device=True)
def jn(n, x):
    if n < 0 or math.isnan(x):
        return math.nan
    if n == 0:
        return j0(x)
    if n == 1:
        return j1(x)
    size = abs(x)
    odd = n % 2 == 1 and x < 0.0
    if math.isinf(x):
        return 0.0
    if size < 1e-8:
        value = 1.0
        for k in range(n):
            value *= size / 2.0 / (k + 1)
            if value == 0.0:
                break
    elif size < n:
        value = downward(n, size)
    else:
        before, value = j0(size), j1(size)
        for k in range(1, n):
            before, value = value, 2.0 * k / size * value - before
    return -value if odd else value


@jit(device=True)
def yn(n, x):
    if n < 0 or math.isnan(x) or x < 0.0:
        return math.nan
    if n == 0:
        return y0(x)
    if n == 1 or x == 0.0 or math.isinf(x):
        return y1(x)
    before, value = y0(x), y1(x)
    for k in range(1, n):
        before, value = value, 2.0 * k / x * value - before
        if math.isinf(value):
            break
    return value
