"""Arithmetic rounded down, up or toward zero, for kernels: what `libdevice`'s functions `_rd`, `_ru` and `_rz` are made of.

Each takes the result rounded to nearest, which is a neighbour of the exact one, finds on which side of it the exact one lies, and
goes to the other neighbour where the direction asks for it. What tells the side is exact: remainders of fused operations,
sums of what additions lose, products of float32 in float64. `mode` is -1 for down, 1 for up, 0 for toward zero.
"""

from __future__ import annotations

import math

import numpy as np

from verdigris import cuda
from verdigris.cuda._decorators import jit
from verdigris.types import bfloat16

LARGE = 2.0**600
SMALL = 2.0**-60


@jit(device=True)
def stepped(result, excess, mode):
    """A result to nearest, or its neighbour; `excess` has the sign of the result less the exact one."""
    if excess > 0.0 and (mode < 0 or (mode == 0 and result > 0.0)):
        return math.nextafter(result, -math.inf)
    if excess < 0.0 and (mode > 0 or (mode == 0 and result < 0.0)):
        return math.nextafter(result, math.inf)
    return result


@jit(device=True)
def stepped32(result, excess, mode):
    """The same in float32; the excess may be float64."""
    if excess > 0.0 and (mode < 0 or (mode == 0 and result > 0.0)):
        return math.nextafter(result, np.float32(-math.inf))
    if excess < 0.0 and (mode > 0 or (mode == 0 and result < 0.0)):
        return math.nextafter(result, np.float32(math.inf))
    return result


@jit(device=True)
def lost(x, y, total):
    """What the sum to nearest lacks."""
    other = total - x
    return (x - (total - other)) + (y - other)


@jit(device=True)
def sign(x):
    return math.copysign(1.0, x)


@jit(device=True)
def is_plain(x, y):
    return math.isfinite(x) and math.isfinite(y)


@jit(device=True)
def apart(x):
    """A value as it is rounded: a product that a caller hands over is not merged with what is added to it here."""
    return cuda.fma(x, 1.0, -0.0)


@jit(device=True)
def product_of(x, y):
    """The product to nearest, not merged with anything either."""
    return cuda.fma(x, y, -0.0)


@jit(device=True)
def add(x, y, mode):
    x, y = apart(x), apart(y)
    total = x + y
    if math.isinf(total):
        return stepped(total, total, mode) if is_plain(x, y) else total
    if total == 0.0:
        # Of opposite numbers, which is exact: a negative zero where it is rounded down.
        return -0.0 if mode < 0 and not (sign(x) > 0.0 and sign(y) > 0.0) else total
    return stepped(total, -lost(x, y, total), mode)


@jit(device=True)
def mul(x, y, mode):
    product = product_of(x, y)
    if math.isnan(product) or x == 0.0 or y == 0.0:
        return product
    if math.isinf(product):
        return stepped(product, product, mode) if is_plain(x, y) else product
    if product == 0.0:
        return stepped(product, -sign(x) * sign(y), mode)
    scaled = product
    if abs(product) < 1e-270:
        # The remainder would be too small for a float.
        scaled = product_of(product, LARGE)
        if abs(x) < abs(y):
            x = x * LARGE
        else:
            y = y * LARGE
    high = product_of(x, y)
    return stepped(product, (scaled - high) - cuda.fma(x, y, -high), mode)


@jit(device=True)
def div(x, y, mode):
    quotient = x / y
    if math.isnan(quotient) or x == 0.0 or y == 0.0 or not is_plain(x, y):
        return quotient
    if math.isinf(quotient):
        return stepped(quotient, quotient, mode)
    if quotient == 0.0:
        return stepped(quotient, -sign(x) * sign(y), mode)
    x_part, x_power = math.frexp(x)
    y_part, y_power = math.frexp(y)
    part, power = math.frexp(quotient)
    high = product_of(part, y_part)
    excess = (high - math.ldexp(x_part, x_power - y_power - power)) + cuda.fma(part, y_part, -high)
    return stepped(quotient, excess * sign(y), mode)


@jit(device=True)
def sqrt(x, mode):
    root = math.sqrt(x)
    if not root > 0.0 or math.isinf(root):
        return root
    scaled = root
    if x < 1e-200:
        x, scaled = x * LARGE, root * 2.0**300
    return stepped(root, cuda.fma(scaled, scaled, -x), mode)


@jit(device=True)
def fma(x, y, z, mode):
    z = apart(z)
    result = cuda.fma(x, y, z)
    if math.isnan(result):
        return result
    if math.isinf(result):
        return stepped(result, result, mode) if is_plain(x, y) and math.isfinite(z) else result
    if z == 0.0 and x != 0.0 and y != 0.0:
        return mul(x, y, mode)
    if x == 0.0 or y == 0.0 or math.isinf(z):
        return add(product_of(x, y), z, mode)
    near = result
    product = product_of(x, y)
    if math.isinf(product):
        x, z, near = x * SMALL, product_of(z, SMALL), product_of(near, SMALL)
        product = product_of(x, y)
    elif abs(product) < 1e-250 and abs(z) < 1e-200:
        if abs(x) < abs(y):
            x = x * LARGE
        else:
            y = y * LARGE
        z, near = product_of(z, LARGE), product_of(near, LARGE)
        product = product_of(x, y)
    rest = cuda.fma(x, y, -product)
    if product == 0.0:
        # So far below the other number that its sign is all that counts.
        product, rest = sign(x) * sign(y) * 5e-324, 0.0
    first = z + rest
    first_lost = lost(z, rest, first)
    second = product + first
    missing = ((second - near) + lost(product, first, second)) + first_lost
    if result == 0.0 and missing == 0.0:
        # Opposite numbers, as in `add`.
        return -0.0 if mode < 0 else result
    return stepped(result, -missing, mode)


@jit(device=True)
def narrow(x, mode):
    """A float64 as float32."""
    x = apart(x)
    result = np.float32(x)
    return stepped32(result, np.float64(result) - x, mode)


@jit(device=True)
def narrow_sum(x, y, mode):
    """The sum of two float64 as float32, rounded once."""
    total = x + y
    result = np.float32(total)
    if math.isinf(total) or math.isnan(total):
        return result
    if total == 0.0:
        return np.float32(-0.0) if mode < 0 and not (sign(x) > 0.0 and sign(y) > 0.0) else result
    return stepped32(result, (np.float64(result) - total) - lost(x, y, total), mode)


@jit(device=True)
def div32(x, y, mode):
    """The quotient of two float32, given as float64."""
    result = np.float32(x / y)
    if math.isnan(result) or x == 0.0 or y == 0.0 or not is_plain(x, y):
        return result
    return stepped32(result, (np.float64(result) * y - x) * sign(y), mode)


@jit(device=True)
def sqrt32(x, mode):
    """The root of a float32, given as float64."""
    result = np.float32(math.sqrt(x))
    if not result > 0.0 or math.isinf(result):
        return result
    return stepped32(result, np.float64(result) * np.float64(result) - x, mode)


@jit(device=True)
def above_signed(number, x):
    """The sign of a float64 less an int64."""
    if number >= 2.0**63:
        return 1.0
    whole = np.int64(number)
    return 1.0 if whole > x else (-1.0 if whole < x else 0.0)


@jit(device=True)
def above_unsigned(number, x):
    """The sign of a float64 less a uint64."""
    if number >= 2.0**64:
        return 1.0
    whole = np.uint64(number)
    return 1.0 if whole > x else (-1.0 if whole < x else 0.0)


@jit(device=True)
def from_half(bits):
    """The float32 of a float16's bits."""
    magnitude = np.int64(bits) & 0x7FFF
    sign_bit = np.int64(bits) >> 15 << 31
    if magnitude >= 0x7C00:
        return np.int32(sign_bit | 0x7F800000 | (magnitude & 0x3FF) << 13).view(np.float32)
    return np.int32(sign_bit | np.int64((np.int32(magnitude << 13).view(np.float32) * np.float32(2.0**112)).view(np.int32))).view(
        np.float32
    )


@jit(device=True)
def to_half(x):
    """The bits of the float16 nearest to a float32."""
    near = np.float32(np.float16(x))
    bits = np.int64(near.view(np.int32))
    magnitude = bits & 0x7FFFFFFF
    if magnitude >= 0x47800000:
        half = 0x7C00 if magnitude == 0x7F800000 else 0x7FFF
    elif magnitude < 0x38800000:
        half = np.int64(abs(near) * np.float32(2.0**24))
    else:
        half = magnitude - 0x38000000 >> 13
    return np.int16(half | bits >> 16 & 0x8000)


@jit(device=True)
def mul64hi(x, y):
    """The upper half of the product of two uint64."""
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    x_low, x_high, y_low, y_high = x & low, x >> half, y & low, y >> half
    middle = x_high * y_low + (x_low * y_low >> half)
    other = x_low * y_high + (middle & low)
    return x_high * y_high + (middle >> half) + (other >> half)


@jit(device=True)
def signed_mul64hi(x, y):
    """The upper half of the product of two int64."""
    return np.int64(mul64hi(np.uint64(x), np.uint64(y))) - (y if x < 0 else 0) - (x if y < 0 else 0)


@jit(device=True)
def byte_perm(x, y, z):
    """Four bytes of two words, each chosen by three bits of a nibble."""
    both = np.uint64(np.uint32(y)) << np.uint64(32) | np.uint64(np.uint32(x))
    chosen = np.uint64(0)
    for k in range(4):
        place = np.uint64((np.int64(z) >> 4 * k & 7) * 8)
        chosen |= (both >> place & np.uint64(255)) << np.uint64(8 * k)
    return np.int32(np.uint32(chosen))


@jit(device=True)
def quotient_bits(x, y, rest):
    """The sign and the three lowest bits of x / y to the nearest integer, of which `rest` is the remainder."""
    if not is_plain(x, y) or y == 0.0:
        return np.int32(0)
    period = 8.0 * y
    near = x if math.isinf(period) else math.fmod(x, period)
    bits = np.int32(abs(np.rint((near - rest) / y))) & 7
    return np.int32(bits if sign(x) == sign(y) else -bits)


@jit(device=True)
def odd_fma(x, y, z):
    """x * y + z, of floats whose product is exact, as the float64 toward the exact sum that rounding once more does not see."""
    product = product_of(x, y)
    total = apart(product) + apart(z)
    rest = lost(product, z, total)
    if is_plain(total, rest) and rest != 0.0 and total.view(np.int64) & 1 == 0:
        return math.nextafter(total, math.copysign(math.inf, rest))
    return total


@jit(device=True)
def short_of(x):
    """A float64 that rounds to bfloat16, in every direction, as an integer of 64 bits does."""
    if -(2**53) < x < 2**53:
        return np.float64(x)
    bits = np.int64(x)
    short = bits >> 12 << 12
    if short != bits:
        short |= 4096
    return np.float64(short) + (2.0**64 if x > 0 and short < 0 else 0.0)


@jit(device=True)
def brain(x, mode):
    """A float64 rounded to bfloat16 in a direction, as the float32 of the same number."""
    near = np.float32(bfloat16(x))
    wide = np.float64(near)
    bits = np.int64(near.view(np.int32))
    if wide > x and (mode < 0 or (mode == 0 and x > 0.0)):
        bits += 65536 if bits < 0 else -65536
    elif wide < x and (mode > 0 or (mode == 0 and x < 0.0)):
        bits += -65536 if bits < 0 else 65536
    return np.int32(bits).view(np.float32)


@jit(device=True)
def saturated(x):
    """What is nearest in [0, 1]; 0 for a NaN."""
    if not x > 0.0:
        return 0.0
    return min(x, 1.0)


@jit(device=True)
def not_negative(x):
    """0 for what is negative."""
    return 0.0 if x < 0.0 else x


@jit(device=True)
def larger(x, y):
    """The larger number, 0 above -0; of a NaN and a number, the number."""
    if math.isnan(x):
        return y
    if x == 0.0 and y == 0.0:
        return x + y
    return y if y > x else x


@jit(device=True)
def smaller(x, y):
    """The smaller number, -0 below 0; of a NaN and a number, the number."""
    return -larger(-x, -y)
