"""Programs as users write them: kernels that put several features together, beside NumPy."""

import math
import types as pytypes
from collections import namedtuple

import numpy as np

import verdigris
from verdigris import cuda, float32, float64

equal = np.testing.assert_array_equal


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-6)


class Cfg:
    N = 4
    SCALE = 2.5
    TAB = np.array([1, 2, 3])


def test_shared_arrays_in_device_functions():
    @cuda.jit(device=True)
    def load(tile, x, i):
        tile[i] = x[i] * 2

    @cuda.jit(device=True)
    def alloc():
        s = cuda.shared.array(8, float64)
        return s

    @cuda.jit(device=True)
    def total(a):
        t = 0.0
        for v in a:
            t += v
        return t, a.size

    @cuda.jit
    def k(x, o):
        t = cuda.threadIdx.x
        s = alloc()
        load(s, x, t)
        cuda.syncthreads()
        a, n = total(s[2:6])
        o[t] = a + n

    x = np.arange(8.0)
    o = np.zeros(8)
    k[1, 8](x, o)
    equal(o, 2 * (2 + 3 + 4 + 5) + 4)


def test_constants_of_classes_and_namespaces():
    cfg = pytypes.SimpleNamespace(m=3, w=np.float32(0.5))

    @cuda.jit
    def k(o):
        for i in range(Cfg.N):
            o[i] = i * Cfg.SCALE + Cfg.TAB[i % 3] + cfg.m
        o[0] += cfg.w

    o = np.zeros(4)
    k[1, 1](o)
    equal(o, [4.5, 2.5 + 2 + 3, 5 + 3 + 3, 7.5 + 1 + 3])


def test_kernels_as_static_methods():
    class Solver:
        K = 3

        @staticmethod
        @cuda.jit
        def step(x, a):
            i = cuda.grid(1)
            if i < x.size:
                x[i] += a

        def run(self, x):
            Solver.step[1, 32](x, self.K)
            return x

    equal(Solver().run(np.zeros(5)), 3)


def test_logic_of_bools():
    rng = np.random.default_rng(3)

    @cuda.jit
    def k(a, b, o):
        i = cuda.grid(1)
        o[i, 0] = a[i] and b[i]
        o[i, 1] = a[i] or b[i]
        o[i, 2] = not a[i]
        o[i, 3] = a[i] ^ b[i]
        o[i, 4] = a[i] & b[i]
        o[i, 5] = a[i] != b[i]
        o[i, 6] = bool(i & 1) is True

    a = rng.random(8) > 0.5
    b = rng.random(8) > 0.5
    o = np.zeros((8, 7), bool)
    k[1, 8](a, b, o)
    equal(o, np.stack([a & b, a | b, ~a, a ^ b, a & b, a != b, np.arange(8) % 2 == 1], 1))


def test_atomics_on_fields_of_records():
    R = np.dtype([("n", "i4"), ("s", "f8"), ("h", "u4", (4,))])

    @cuda.jit
    def k(r):
        i = cuda.grid(1)
        cuda.atomic.add(r["n"], 0, 1)
        cuda.atomic.add(r.s, 0, i * 0.5)
        cuda.atomic.add(r.h[0], i % 4, 1)
        cuda.atomic.max(r["n"], 1, i)

    r = np.zeros(2, R)
    k[2, 32](r)
    assert r["n"][0] == 64 and r["s"][0] == 64 * 63 / 4 and (r["h"][0] == 16).all() and r["n"][1] == 63


def test_a_maximum_by_compare_and_swap():
    rng = np.random.default_rng(3)

    @cuda.jit(device=True)
    def fmax_cas(a, i, v):
        old = a[i]
        while v > old:
            assumed = old
            old = cuda.atomic.cas(a, i, assumed, v)
            if old == assumed:
                break

    @cuda.jit
    def k(x, a):
        i = cuda.grid(1)
        fmax_cas(a, 0, x[i])

    x = rng.integers(0, 1000, 128).astype(np.int32)
    a = np.zeros(1, np.int32)
    k[4, 32](x, a)
    equal(a, x.max())


def test_a_block_sum_by_warps():
    rng = np.random.default_rng(3)

    @cuda.jit(device=True)
    def wsum(v):
        for o in (16, 8, 4, 2, 1):
            v += cuda.shfl_xor_sync(0xFFFFFFFF, v, o)
        return v

    @cuda.jit
    def k(x, o):
        s = cuda.shared.array(32, float32)
        t = cuda.threadIdx.x
        i = cuda.grid(1)
        v = wsum(x[i] if i < x.size else float32(0))
        w, lane = divmod(t, 32)
        if lane == 0:
            s[w] = v
        cuda.syncthreads()
        if w == 0:
            v = s[lane] if lane < cuda.blockDim.x // 32 else float32(0)
            v = wsum(v)
            if lane == 0:
                o[cuda.blockIdx.x] = v

    x = rng.integers(0, 9, 500).astype(np.float32)
    o = np.zeros(2, np.float32)
    k[2, 256](x, o)
    equal(o, [x[:256].sum(), x[256:].sum()])


def test_strides_over_three_axes():
    rng = np.random.default_rng(3)

    @cuda.jit
    def k(v, o):
        x, y, z = cuda.grid(3)
        gx, gy, gz = cuda.gridsize(3)
        for i in range(x, v.shape[0], gx):
            for j in range(y, v.shape[1], gy):
                for lane in range(z, v.shape[2], gz):
                    o[i, j, lane] = v[i, j, lane] + v[(i + 1) % v.shape[0], j, lane - 1]

    v = rng.random((5, 6, 7))
    o = np.zeros_like(v)
    k[(1, 2, 1), (2, 2, 3)](v, o)
    equal(o, v + np.roll(np.roll(v, -1, 0), 1, 2))


def test_rows_and_tuples_as_results():
    rng = np.random.default_rng(3)

    @cuda.jit(device=True)
    def row(m, i):
        return m[i]

    @cuda.jit(device=True)
    def minmax(r):
        return min(r), max(r)

    @cuda.jit
    def k(m, o):
        i = cuda.grid(1)
        if i < m.shape[0]:
            o[i] = minmax(row(m, i)[1:])

    m = rng.random((5, 6))
    o = np.zeros((5, 2))
    k[1, 8](m, o)
    equal(o, np.stack([m[:, 1:].min(1), m[:, 1:].max(1)], 1))


def test_inverses_in_local_memory():
    rng = np.random.default_rng(3)

    @cuda.jit
    def k(A, B):
        i = cuda.grid(1)
        if i >= A.shape[0]:
            return
        m = cuda.local.array((3, 6), float64)
        for r in range(3):
            for c in range(3):
                m[r, c] = A[i, r, c]
                m[r, 3 + c] = 1.0 if r == c else 0.0
        for p in range(3):
            piv = p
            for r in range(p + 1, 3):
                if abs(m[r, p]) > abs(m[piv, p]):
                    piv = r
            if piv != p:
                for c in range(6):
                    m[p, c], m[piv, c] = m[piv, c], m[p, c]
            d = 1.0 / m[p, p]
            for c in range(6):
                m[p, c] *= d
            for r in range(3):
                if r != p:
                    f = m[r, p]
                    for c in range(6):
                        m[r, c] -= f * m[p, c]
        B[i] = m[:, 3:]

    A = rng.random((10, 3, 3)) + np.eye(3)
    B = np.zeros_like(A)
    k[1, 32](A, B)
    np.testing.assert_allclose(B, np.linalg.inv(A), rtol=1e-9)


def test_copies_in_and_out():
    @cuda.jit
    def k(a, b):
        b[cuda.grid(1)] = a[cuda.grid(1)] + 1
        a[cuda.grid(1)] = -1

    a = np.arange(4.0)
    b = np.zeros(4)
    k[1, 4](cuda.In(a), cuda.Out(b))
    equal(a, np.arange(4.0))
    equal(b, a + 1)
    k[1, 4](cuda.InOut(a), b)
    equal(a, -1)


def test_arrays_without_axes():
    @cuda.jit
    def k(s, z, o):
        o[0] = s + z[()]
        z[()] = 5

    z = np.array(3.0)
    o = np.zeros(1)
    k[1, 1](np.uint8(200), z, o)
    equal(o, 203)
    equal(z, 5)
    k[1, 1](np.bool_(True), z, o)
    equal(o, 6)


def test_device_arrays_as_numpys():
    d = cuda.to_device(np.arange(20.0).reshape(4, 5))
    d[1, 2] = 99
    d[2] = 7.0
    d[:, 0] = cuda.to_device(np.ones(4))
    h = d.copy_to_host()
    w = np.arange(20.0).reshape(4, 5)
    w[1, 2] = 99
    w[2] = 7
    w[:, 0] = 1
    equal(h, w)
    equal(d[1:3, ::2].copy_to_host(), w[1:3, ::2])
    assert len(d) == 4 and d.shape == (4, 5) and d[1, 2] == 99
    equal(np.asarray(d.T), w.T)
    equal(d.reshape(20)[3:7].copy_to_host(), w.ravel()[3:7])
    equal(d.ravel().view(np.int64).copy_to_host(), w.ravel().view(np.int64))


def test_sums_and_ranks_of_warps():
    rng = np.random.default_rng(3)

    @cuda.jit
    def k(x, s, pre, b, m):
        i = cuda.grid(1)
        lane = cuda.laneid
        v = x[i]
        d = 16
        while d > 0:
            v += cuda.shfl_down_sync(0xFFFFFFFF, v, d)
            d //= 2
        if lane == 0:
            s[i // 32] = v
        p = x[i]
        for o in (1, 2, 4, 8, 16):
            t = cuda.shfl_up_sync(-1, p, o)
            if lane >= o:
                p += t
        pre[i] = p
        b[i] = cuda.popc(cuda.ballot_sync(0xFFFFFFFF, x[i] > 5) & cuda.lanemask_lt())
        m[i] = cuda.popc(cuda.match_any_sync(0xFFFFFFFF, x[i] % 3))

    x = rng.integers(0, 10, 64).astype(np.int32)
    s = np.zeros(2, int)
    pre = np.zeros(64, int)
    b = np.zeros(64, int)
    m = np.zeros(64, int)
    k[1, 64](x, s, pre, b, m)
    y = x.reshape(2, 32)
    equal(s, y.sum(1))
    equal(pre, y.cumsum(1).ravel())
    f = (y > 5).astype(int)
    equal(b, (f.cumsum(1) - f).ravel())
    equal(m, [np.sum(r % 3 == v % 3) for r in y for v in r])


def test_rotation_with_grid_sync():
    @cuda.jit
    def k(a, n):
        g = cuda.cg.this_grid()
        i = cuda.grid(1)
        for _r in range(n):
            v = a[(i + 1) % a.size]
            g.sync()
            a[i] = v
            g.sync()

    a = np.arange(128)
    k[4, 32](a, 3)
    equal(a, np.roll(np.arange(128), -3))


def test_a_lock_per_block():
    @cuda.jit
    def k(mutex, c):
        while True:
            if cuda.atomic.cas(mutex, 0, 0, 1) == 0:
                c[0] += 1
                cuda.threadfence()
                cuda.atomic.exch(mutex, 0, 0)
                break

    m = np.zeros(1, np.int32)
    c = np.zeros(1, np.int64)
    k[4, 32](m, c)
    equal(c, 128)


def test_functions_as_arguments():
    @cuda.jit(device=True)
    def sq(x):
        return x * x

    @cuda.jit(device=True)
    def cu(x):
        return x * x * x

    @cuda.jit(device=True)
    def apply(f, x):
        return f(x)

    @cuda.jit
    def k(o):
        for n, f in enumerate((sq, cu, math.sqrt, abs)):
            o[n] = apply(f, 4.0)

    o = np.zeros(4)
    k[1, 1](o)
    equal(o, [16, 64, 2, 4])


def test_tuples_of_arrays():
    @cuda.jit
    def k(arrs, o):
        i = cuda.grid(1)
        for a in arrs:
            o[i] += a[i]
        o[i] += arrs[i % 2][i]

    a, b = np.arange(4.0), np.ones(4)
    o = np.zeros(4)
    k[1, 4]((a, b), o)
    equal(o, a + b + np.where(np.arange(4) % 2, b, a))


def test_a_hash_that_wraps():
    @cuda.jit
    def k(o, x):
        h = np.uint32(2166136261)
        for i in range(x.size):
            h = np.uint32((h ^ x[i]) * np.uint32(16777619))
        o[0] = h

    x = np.frombuffer(b"hello", np.uint8)
    o = np.zeros(1, np.uint32)
    k[1, 1](o, x)
    h = 2166136261
    for c in b"hello":
        h = ((h ^ c) * 16777619) % 2**32
    equal(o, h)


def test_a_generator_of_uint64():
    @cuda.jit
    def k(o):
        s = np.uint64(42)
        for i in range(o.size):
            s = s * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            o[i] = s >> np.uint64(33)

    o = np.zeros(5, np.uint64)
    k[1, 1](o)
    s = 42
    w = []
    for _i in range(5):
        s = (s * 6364136223846793005 + 1442695040888963407) % 2**64
        w.append(s >> 33)
    equal(o, w)


def test_records_in_local_memory():
    R = np.dtype([("k", "i4"), ("v", "f8")])
    RT = verdigris.types.from_dtype(R)

    @cuda.jit
    def k(o):
        st = cuda.local.array(8, RT)
        m = cuda.local.array((2, 3), float32)
        for i in range(8):
            st[i].k = i
            st[i].v = i * 1.5
        for i in range(2):
            for j in range(3):
                m[i, j] = i + j
        s = 0.0
        for i in range(8):
            s += st[i]["v"] * st[i].k
        o[0] = s
        o[1] = m.sum()
        o[2] = m[1, -1]

    o = np.zeros(3)
    k[1, 1](o)
    equal(o, [sum(i * i * 1.5 for i in range(8)), 9, 3])


def test_views_of_a_matrix():
    @cuda.jit
    def k(m, o):
        d = m[1:3, ::-1]
        o[0] = d[0, 0]
        o[1] = d.T[1, 1]
        o[2] = m.ravel()[5]
        o[3] = m.flat[6]
        for i, row in enumerate(m):
            o[4 + i] = row[-1]
        o[7:] = m[0]

    m = np.arange(12.0).reshape(3, 4)
    o = np.zeros(11)
    k[1, 1](m, o)
    equal(o, [7, 10, 5, 6, 3, 7, 11, 0, 1, 2, 3])


def test_a_stencil_from_constants():
    rng = np.random.default_rng(3)
    OFF = ((0, 1), (1, 0), (0, -1), (-1, 0))
    W = np.array([[1.0, 2.0], [3.0, 4.0]])
    CFG = namedtuple("C", "a b")(2, 3.5)

    @cuda.jit
    def k(m, o):
        i, j = cuda.grid(2)
        if i < m.shape[0] and j < m.shape[1]:
            s = 0.0
            for dy, dx in OFF:
                y, x = i + dy, j + dx
                if 0 <= y < m.shape[0] and 0 <= x < m.shape[1]:
                    s += m[y, x]
            o[i, j] = s * CFG.a + W[i % 2, j % 2] + CFG.b

    m = rng.random((5, 6))
    o = np.zeros((5, 6))
    k[(1, 1), (8, 8)](m, o)
    p = np.pad(m, 1)
    w = (p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]) * 2 + np.tile([[1.0, 2], [3, 4]], (3, 3))[:5, :6] + 3.5
    close(o, w)


def test_slots_by_atomics():
    @cuda.jit
    def k(c, o, mx, mn):
        i = cuda.grid(1)
        o[cuda.atomic.add(c, 0, 1)] = i
        cuda.atomic.max(mx, (0, i % 2), i * 1.5)
        cuda.atomic.min(mn, 0, -i)

    c = np.zeros(1, np.uint64)
    o = np.full(64, -1)
    mx = np.zeros((1, 2))
    mn = np.zeros(1, np.int64)
    k[2, 32](c, o, mx, mn)
    equal(np.sort(o), np.arange(64))
    equal(mx, [[93, 94.5]])
    equal(mn, -63)


def test_types_side_by_side():
    rng = np.random.default_rng(3)

    @cuda.jit
    def k(a, b, c, o):
        i = cuda.grid(1)
        o[i] = a[i] * b[i] + c[i] if a[i] else b[i] // 2 - c[i]

    a = rng.integers(-3, 3, 16).astype(np.int8)
    b = rng.integers(0, 200, 16).astype(np.uint8)
    c = rng.random(16).astype(np.float32)
    o = np.zeros(16)
    k[1, 16](a, b, c, o)
    w = np.where(a, a.astype(int) * b + c.astype(float), b // 2 - c.astype(float))
    np.testing.assert_allclose(o, w, rtol=1e-6)


def test_least_divisors():
    @cuda.jit
    def k(x, o):
        i = cuda.grid(1)
        for d in range(2, x[i]):
            if x[i] % d == 0:
                o[i] = d
                break
        else:
            o[i] = 1

    x = np.arange(2, 34)
    o = np.zeros_like(x)
    k[1, 32](x, o)
    equal(o, [next((d for d in range(2, v) if v % d == 0), 1) for v in x])
