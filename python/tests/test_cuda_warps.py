"""Operations of a warp against NumPy, compiled and interpreted."""

import math

import numpy as np
import pytest
from test_cuda_blocks import run

from verdigris import cuda, errors, int32

BACKENDS = ("interpreter", "lanes=32")
THREADS = [1, 7, 32, 33, 100]


def shuffles(x, by, out):
    t = cuda.threadIdx.x
    v = x[t]
    out[0, t] = cuda.shfl_sync(0xFFFFFFFF, v, by[t])
    out[1, t] = cuda.shfl_sync(-1, v, 3)
    out[2, t] = cuda.shfl_up_sync(0xFFFFFFFF, v, 4)
    out[3, t] = cuda.shfl_down_sync(0xFFFFFFFF, v, 5)
    out[4, t] = cuda.shfl_xor_sync(0xFFFFFFFF, v, 6)
    out[5, t] = cuda.shfl_up_sync(0xFFFFFFFF, v, by[0])
    out[6, t] = cuda.shfl_down_sync(0xFFFFFFFF, v, by[0])
    out[7, t] = cuda.shfl_xor_sync(0xFFFFFFFF, v, by[0])


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64])
@pytest.mark.parametrize("backend", BACKENDS)
def test_shuffles(dtype, backend):
    rng = np.random.default_rng(0)
    x, by = rng.integers(0, 1000, 64).astype(dtype), rng.integers(0, 64, 64)
    out = np.zeros((8, 64), dtype)
    assert run(shuffles, (1,), (64,), x, by, out, backend=backend) is None
    lane = np.arange(32)

    def of(source):
        source = np.where((source < 0) | (source > 31), lane, source)
        return x.reshape(2, 32)[:, source].ravel()

    n = by[0] % 32
    rows = [
        x[np.arange(64) // 32 * 32 + by % 32],
        of(np.full(32, 3)),
        of(lane - 4),
        of(lane + 5),
        of(lane ^ 6),
        of(lane - n),
        of(lane + n),
        of(lane ^ n),
    ]
    np.testing.assert_array_equal(out, rows)


def warp_sum(x, out):
    i = cuda.grid(1)
    total = x[i]
    step = 16
    while step > 0:
        total += cuda.shfl_down_sync(0xFFFFFFFF, total, step)
        step //= 2
    if cuda.laneid == 0:
        cuda.atomic.add(out, cuda.blockIdx.x, total)


@pytest.mark.parametrize("backend", BACKENDS)
def test_reduction_by_shuffles(backend):
    x = np.random.default_rng(1).integers(-99, 99, 3 * 128).astype(np.float64)
    out = np.zeros(3)
    assert run(warp_sum, (3,), (128,), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, x.reshape(3, 128).sum(1))


def votes(x, out):
    t = cuda.threadIdx.x
    out[0, t] = cuda.ballot_sync(0xFFFFFFFF, x[t] > 2)
    out[1, t] = cuda.all_sync(0xFFFFFFFF, x[t] > 2)
    out[2, t] = cuda.any_sync(0xFFFFFFFF, x[t] > 2)
    out[3, t] = cuda.eq_sync(0xFFFFFFFF, x[t] > 2)
    out[4, t] = cuda.activemask()
    out[5, t] = cuda.lanemask_lt()
    out[6, t] = cuda.match_any_sync(0xFFFFFFFF, x[t])
    mask, same = cuda.match_all_sync(0xFFFFFFFF, x[t])
    out[7, t] = mask
    out[8, t] = same
    cuda.syncwarp()
    if x[t] % 2 == 0:
        out[9, t] = cuda.activemask()
        out[10, t] = cuda.ballot_sync(cuda.activemask(), x[t] > 2)
        cuda.syncwarp(cuda.activemask())


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("high", [2, 3, 4, 9])
@pytest.mark.parametrize("backend", BACKENDS)
def test_votes_and_matches(threads, high, backend):
    x = np.random.default_rng(threads + high).integers(2 if high < 9 else 0, high + 1 if high < 9 else 5, threads)
    out = np.zeros((11, threads), np.int64)
    assert run(votes, (1,), (threads,), x, out, backend=backend) is None
    signed = lambda lanes: int(np.uint32(sum(1 << int(k) for k in np.flatnonzero(lanes))).astype(np.int32))  # noqa: E731
    for t in range(threads):
        first = t // 32 * 32
        warp = x[first : first + 32]
        yes, even = warp > 2, warp % 2 == 0
        lanes = np.ones(len(warp), bool)
        same = (warp == warp[0]).all()
        right = [signed(yes), yes.all(), yes.any(), yes.all() or not yes.any(), signed(lanes) % 2**32, (1 << (t - first)) - 1]
        right += [signed(warp == x[t]), signed(lanes) if same else 0, same]
        right += [signed(even) % 2**32, signed(even & yes)] if x[t] % 2 == 0 else [0, 0]
        assert out[:, t].tolist() == [int(v) for v in right], t


def compact(x, out, count):
    """Stream compaction by ballots: each warp takes room for its own with one atomic."""
    i = cuda.grid(1)
    keep = i < x.size and x[i] > 0
    ballot = np.uint32(cuda.ballot_sync(0xFFFFFFFF, keep))
    base = 0
    if cuda.laneid == 0:
        base = cuda.atomic.add(count, 0, cuda.popc(ballot))
    base = cuda.shfl_sync(0xFFFFFFFF, base, 0)
    if keep:
        out[base + cuda.popc(ballot & cuda.lanemask_lt())] = x[i]


def test_compaction():
    x = np.random.default_rng(4).integers(-50, 50, 5000)
    out, count = np.zeros(5000, np.int64), np.zeros(1, np.int64)
    cuda.jit(compact)[40, 128](x, out, count)
    wanted = x[x > 0]
    assert count[0] == len(wanted)
    np.testing.assert_array_equal(np.sort(out[: len(wanted)]), np.sort(wanted))


def block_sum(x, out):
    """Warps sum by shuffles, then the first warp sums theirs."""
    parts = cuda.shared.array(32, int32)
    t = cuda.threadIdx.x
    total = x[cuda.grid(1)]
    for k in range(5):
        total += cuda.shfl_xor_sync(0xFFFFFFFF, total, 1 << k)
    if t % 32 == 0:
        parts[t // 32] = total
    cuda.syncthreads()
    if t < 32:
        total = parts[t] if t < cuda.blockDim.x // 32 else 0
        for k in range(5):
            total += cuda.shfl_xor_sync(0xFFFFFFFF, total, 1 << k)
        if t == 0:
            out[cuda.blockIdx.x] = total


@pytest.mark.parametrize("backend", BACKENDS)
def test_shuffles_and_barriers(backend):
    x = np.random.default_rng(1).integers(-99, 99, 4 * 256).astype(np.int32)
    out = np.zeros(4, np.int32)
    assert run(block_sum, (4,), (256,), x, out, backend=backend) is None
    np.testing.assert_array_equal(out, x.reshape(4, 256).sum(1))


def bits(x, out):
    i = cuda.grid(1)
    if i < x.size:
        out[0, i] = cuda.popc(x[i])
        out[1, i] = cuda.clz(x[i])
        out[2, i] = cuda.ffs(x[i])


def reversal(x, out):
    i = cuda.grid(1)
    if i < x.size:
        out[i] = cuda.brev(x[i])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
@pytest.mark.parametrize("backend", ("interpreter", "lanes=1", "lanes=32"))
def test_bits(dtype, backend):
    info = np.iinfo(dtype)
    x = np.random.default_rng(0).integers(info.min, info.max, 60, dtype, endpoint=True)
    x[:5] = [0, 1, info.max, info.min, info.max - 1]
    out = np.zeros((3, 60), np.int64)
    assert run(bits, (1,), (64,), x, out, backend=backend) is None
    n = info.bits
    plain = [int(v) % (1 << n) for v in x]
    right = [[v.bit_count() for v in plain], [n - v.bit_length() for v in plain], [(v & -v).bit_length() for v in plain]]
    np.testing.assert_array_equal(out, right)
    if n >= 32:
        out = np.zeros(60, f"uint{n}")
        assert run(reversal, (1,), (64,), x, out, backend=backend) is None
        assert out.tolist() == [int(f"{v:0{n}b}"[::-1], 2) for v in plain]


def numbers(x, out):
    i = cuda.grid(1)
    if i < x.size:
        out[0, i] = cuda.fma(x[i], x[i], -1.0)
        out[1, i] = cuda.cbrt(x[i])
        out[2, i] = cuda.selp(x[i] > 0, x[i], -1.0)
        cuda.nanosleep(5)


@pytest.mark.parametrize("backend", ("interpreter", "lanes=1", "lanes=32"))
def test_numbers(backend):
    from fractions import Fraction

    x = np.random.default_rng(0).normal(size=50)
    out = np.zeros((3, 50))
    assert run(numbers, (1,), (64,), x, out, backend=backend) is None
    np.testing.assert_array_equal(out[0], [float(Fraction(v) ** 2 - 1) for v in x.tolist()])
    np.testing.assert_allclose(out[1], np.cbrt(x), rtol=4e-16)
    np.testing.assert_array_equal(out[2], np.where(x > 0, x, -1))
    assert math.isfinite(out.sum())


def test_what_is_refused():
    def floating_mask(out):
        out[0] = cuda.ballot_sync(1.0, True)

    def complex_value(out):
        out[0] = cuda.shfl_sync(-1, 1j, 0).real

    def float_bits(out):
        out[0] = cuda.popc(out[0])

    out = np.zeros(1)
    for function, text in [(floating_mask, "must be an integer"), (complex_value, "complex"), (float_bits, "not defined")]:
        with pytest.raises(errors.TypingError, match=text):
            cuda.jit(function)[1, 1](out)
