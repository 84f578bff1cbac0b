"""Kernels in the forms that public CUDA programs in Python have them, each against NumPy, SciPy or Python itself."""

# ruff: noqa: B007, B905, C416, E731, F841, SIM102 (the forms are those of the programs)

import math

import numpy as np

from verdigris import boolean, cuda, float32, float64, int32, uint8, uint32

rng = np.random.default_rng(1)


def test_work_efficient_scan():
    n = 1024

    @cuda.jit
    def scan(d_out, d_in, n):
        temp = cuda.shared.array(shape=0, dtype=int32)
        tid = cuda.threadIdx.x
        offset = 1
        temp[2 * tid] = d_in[2 * tid]
        temp[2 * tid + 1] = d_in[2 * tid + 1]
        d = n >> 1
        while d > 0:
            cuda.syncthreads()
            if tid < d:
                ai = offset * (2 * tid + 1) - 1
                bi = offset * (2 * tid + 2) - 1
                temp[bi] += temp[ai]
            offset *= 2
            d >>= 1
        if tid == 0:
            temp[n - 1] = 0
        d = 1
        while d < n:
            offset >>= 1
            cuda.syncthreads()
            if tid < d:
                ai = offset * (2 * tid + 1) - 1
                bi = offset * (2 * tid + 2) - 1
                t = temp[ai]
                temp[ai] = temp[bi]
                temp[bi] += t
            d *= 2
        cuda.syncthreads()
        d_out[2 * tid] = temp[2 * tid]
        d_out[2 * tid + 1] = temp[2 * tid + 1]

    a = rng.integers(0, 100, n).astype(np.int32)
    o = np.zeros(n, np.int32)
    scan[1, n // 2, 0, n * 4](o, a, n)
    assert (o == np.concatenate([[0], np.cumsum(a)[:-1]])).all()


def test_bitonic_sort():
    @cuda.jit
    def step(dev_values, j, k):
        i = cuda.threadIdx.x + cuda.blockDim.x * cuda.blockIdx.x
        ixj = i ^ j
        if ixj > i:
            if (i & k) == 0:
                if dev_values[i] > dev_values[ixj]:
                    dev_values[i], dev_values[ixj] = dev_values[ixj], dev_values[i]
            if (i & k) != 0:
                if dev_values[i] < dev_values[ixj]:
                    temp = dev_values[i]
                    dev_values[i] = dev_values[ixj]
                    dev_values[ixj] = temp

    for dt in (np.float32, np.float64, np.int32, np.uint8):
        n = 2048
        a = (rng.random(n) * 255).astype(dt)
        d = cuda.to_device(a)
        k = 2
        while k <= n:
            j = k >> 1
            while j > 0:
                step[n // 512, 512](d, j, k)
                j >>= 1
            k <<= 1
        assert (d.copy_to_host() == np.sort(a)).all()


def test_convolution_in_tiles_with_a_halo():
    TILE = 16
    R = 2

    @cuda.jit(fma=False)
    def conv(img, mask, out):
        s = cuda.shared.array((TILE + 2 * R, TILE + 2 * R), float32)
        tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
        x0 = cuda.blockIdx.x * cuda.blockDim.x - R
        y0 = cuda.blockIdx.y * cuda.blockDim.y - R
        for dy in range(ty, TILE + 2 * R, cuda.blockDim.y):
            for dx in range(tx, TILE + 2 * R, cuda.blockDim.x):
                yy = y0 + dy
                xx = x0 + dx
                s[dy, dx] = img[yy, xx] if 0 <= yy < img.shape[0] and 0 <= xx < img.shape[1] else 0.0
        cuda.syncthreads()
        x, y = cuda.grid(2)
        if x >= img.shape[1] or y >= img.shape[0]:
            return
        acc = float32(0)
        for i in range(2 * R + 1):
            for j in range(2 * R + 1):
                acc += s[ty + i, tx + j] * mask[i, j]
        out[y, x] = acc

    img = rng.integers(0, 50, (61, 75)).astype(np.float32)
    m = rng.integers(-3, 4, (5, 5)).astype(np.float32)
    o = np.zeros_like(img)
    conv[(5, 4), (16, 16)](img, m, o)
    from scipy.ndimage import correlate

    assert (o == correlate(img, m, mode="constant")).all()


def test_all_shortest_paths():
    @cuda.jit
    def fw(dist, k, n):
        i, j = cuda.grid(2)
        if i < n and j < n:
            dist[i, j] = min(dist[i, j], dist[i, k] + dist[k, j])

    n = 50
    w = rng.random((n, n))
    w[rng.random((n, n)) < 0.7] = np.inf
    np.fill_diagonal(w, 0)
    d = cuda.to_device(w)
    for k in range(n):
        fw[(4, 4), (16, 16)](d, k, n)
    from scipy.sparse.csgraph import floyd_warshall

    assert np.allclose(d.copy_to_host(), floyd_warshall(w))


def test_sparse_matrix_by_vector_by_warps_and_ell():
    import scipy.sparse as sp

    A = sp.random(300, 200, 0.05, format="csr", random_state=1)
    x = rng.random(200)

    @cuda.jit
    def csr_vec(indptr, indices, data, x, y):
        row = (cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x) // 32
        lane = cuda.laneid
        if row < y.size:
            s = 0.0
            for j in range(indptr[row] + lane, indptr[row + 1], 32):
                s += data[j] * x[indices[j]]
            off = 16
            while off > 0:
                s += cuda.shfl_down_sync(0xFFFFFFFF, s, off)
                off //= 2
            if lane == 0:
                y[row] = s

    y = np.zeros(300)
    csr_vec[75, 128](A.indptr, A.indices, A.data, x, y)
    assert np.allclose(y, A @ x)
    k = max(np.diff(A.indptr))
    ei = np.full((300, k), -1, np.int32)
    ed = np.zeros((300, k))
    for r in range(300):
        for t, j in enumerate(range(A.indptr[r], A.indptr[r + 1])):
            ei[r, t] = A.indices[j]
            ed[r, t] = A.data[j]

    @cuda.jit
    def ell(ei, ed, x, y):
        r = cuda.grid(1)
        if r >= ei.shape[0]:
            return
        acc = np.float64(0)
        for t in range(ei.shape[1]):
            c = ei[r, t]
            if c < 0:
                break
            acc += ed[r, t] * x[c]
        y[r] = acc

    y = np.zeros(300)
    ell.forall(300)(np.asfortranarray(ei), np.asfortranarray(ed), x, y)
    assert np.allclose(y, A @ x)


def test_ray_marching_of_distances():
    @cuda.jit(device=True)
    def length(v):
        return math.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)

    @cuda.jit(device=True)
    def sdf(p):
        return min(length((p[0], p[1], p[2] - 3.0)) - 1.0, p[1] + 1.0)

    @cuda.jit
    def march(img):
        x, y = cuda.grid(2)
        h, w = img.shape[:2]
        if x < w and y < h:
            u = (2 * x - w) / h
            v = -(2 * y - h) / h
            inv = 1 / math.sqrt(u * u + v * v + 1)
            ro = (0.0, 0.0, 0.0)
            rd = (u * inv, v * inv, inv)
            t = 0.0
            hit = False
            for _ in range(64):
                p = (ro[0] + rd[0] * t, ro[1] + rd[1] * t, ro[2] + rd[2] * t)
                d = sdf(p)
                if d < 1e-4:
                    hit = True
                    break
                t += d
                if t > 20:
                    break
            img[y, x, 0] = t if hit else -1
            img[y, x, 1:] = u, v

    img = np.zeros((40, 60, 3))
    march[(4, 3), (16, 16)](img)

    def ref():
        o = np.zeros((40, 60))
        for y in range(40):
            for x in range(60):
                u = (2 * x - 60) / 40
                v = -(2 * y - 40) / 40
                inv = 1 / math.sqrt(u * u + v * v + 1)
                t = 0.0
                hit = False
                for _ in range(64):
                    p = (u * inv * t, v * inv * t, inv * t)
                    d = min(math.sqrt(p[0] ** 2 + p[1] ** 2 + (p[2] - 3) ** 2) - 1, p[1] + 1)
                    if d < 1e-4:
                        hit = True
                        break
                    t += d
                    if t > 20:
                        break
                o[y, x] = t if hit else -1
        return o

    r = ref()
    assert np.allclose(img[..., 0], r, atol=1e-6), np.abs(img[..., 0] - r).max()


def test_lattice_boltzmann():
    cx = np.array([0, 1, 0, -1, 0, 1, -1, -1, 1])
    cy = np.array([0, 0, 1, 0, -1, 1, 1, -1, -1])
    wt = np.array([4 / 9] + [1 / 9] * 4 + [1 / 36] * 4)

    @cuda.jit
    def step(f, g, omega):
        x, y = cuda.grid(2)
        nx, ny = f.shape[1], f.shape[2]
        if x >= nx or y >= ny:
            return
        fl = cuda.local.array(9, float64)
        rho = 0.0
        ux = 0.0
        uy = 0.0
        for q in range(9):
            fl[q] = f[q, (x - cx[q]) % nx, (y - cy[q]) % ny]
            rho += fl[q]
            ux += fl[q] * cx[q]
            uy += fl[q] * cy[q]
        ux /= rho
        uy /= rho
        for q, (a, b) in enumerate(zip(cx, cy)):
            cu = 3 * (a * ux + b * uy)
            feq = wt[q] * rho * (1 + cu + 0.5 * cu * cu - 1.5 * (ux * ux + uy * uy))
            g[q, x, y] = fl[q] + omega * (feq - fl[q])

    f = rng.random((9, 20, 30)) + 0.5
    d = cuda.to_device(f)
    e = cuda.device_array_like(d)
    ref = f.copy()
    for _ in range(5):
        step[(2, 2), (16, 16)](d, e, 1.2)
        d, e = e, d
        s = np.stack([np.roll(ref[q], (cx[q], cy[q]), (0, 1)) for q in range(9)])
        rho = s.sum(0)
        ux = (s * cx[:, None, None]).sum(0) / rho
        uy = (s * cy[:, None, None]).sum(0) / rho
        out = np.empty_like(s)
        for q in range(9):
            cu = 3 * (cx[q] * ux + cy[q] * uy)
            out[q] = s[q] + 1.2 * (wt[q] * rho * (1 + cu + 0.5 * cu * cu - 1.5 * (ux**2 + uy**2)) - s[q])
        ref = out
    assert np.allclose(d.copy_to_host(), ref)


def test_sequence_alignment_along_diagonals():
    a = "ACACACTAGGTTACAGT"
    b = "AGCACACATTGACCA"
    A = np.frombuffer(a.encode(), np.uint8)
    B = np.array([c for c in b], "U1")
    A1 = np.array(list(a.encode()), "i1")

    @cuda.jit
    def sw(A, B, H, match, mismatch, gap):
        j = cuda.threadIdx.x + 1
        n, m = len(A), len(B)
        for diag in range(2, n + m + 1):
            i = diag - j
            if 1 <= i <= n and j <= m:
                s = match if A[i - 1] == B[j - 1] else mismatch
                H[i, j] = max(0, H[i - 1, j - 1] + s, H[i - 1, j] + gap, H[i, j - 1] + gap)
            cuda.syncthreads()

    def ref():
        H = np.zeros((len(a) + 1, len(b) + 1), np.int32)
        for i in range(1, len(a) + 1):
            for j in range(1, len(b) + 1):
                H[i, j] = max(0, H[i - 1, j - 1] + (2 if a[i - 1] == b[j - 1] else -1), H[i - 1, j] - 1, H[i, j - 1] - 1)
        return H

    H = np.zeros((len(a) + 1, len(b) + 1), np.int32)
    sw[1, 32](A, np.frombuffer(b.encode(), np.uint8), H, 2, -1, -1)
    assert (ref() == H).all()
    H = np.zeros((len(a) + 1, len(b) + 1), np.int32)
    sw[1, 32](np.array(list(a)), B, H, 2, -1, -1)
    assert (ref() == H).all()


def test_breadth_first_by_levels():
    import scipy.sparse as sp
    from scipy.sparse.csgraph import shortest_path

    n = 500
    A = sp.random(n, n, 0.006, format="csr", random_state=3)
    A.data[:] = 1

    @cuda.jit
    def k(indptr, indices, level, cur, changed):
        v = cuda.grid(1)
        if v < level.size and level[v] == cur:
            for w in indices[indptr[v] : indptr[v + 1]]:
                if cuda.atomic.compare_and_swap(level[w:], -1, cur + 1) == -1:
                    changed[0] = True

    lvl = np.full(n, -1, np.int32)
    lvl[0] = 0
    d = cuda.to_device(lvl)
    ch = cuda.to_device(np.array([True]))
    cur = 0
    while ch.copy_to_host()[0]:
        ch[0] = False
        k[4, 128](A.indptr, A.indices, d, cur, ch)
        cur += 1
    r = shortest_path(A, indices=0, unweighted=True)
    r[np.isinf(r)] = -1
    assert (d.copy_to_host() == r).all()


def test_breadth_first_by_a_queue_in_shared_memory():
    import scipy.sparse as sp
    from scipy.sparse.csgraph import shortest_path

    n = 300
    A = sp.random(n, n, 0.01, format="csr", random_state=5)
    A.data[:] = 1

    @cuda.jit
    def k(indptr, indices, level):
        q = cuda.shared.array((2, 512), int32)
        cnt = cuda.shared.array(2, int32)
        t = cuda.threadIdx.x
        if t == 0:
            q[0, 0] = 0
            cnt[0] = 1
            cnt[1] = 0
            level[0] = 0
        cuda.syncthreads()
        cur = 0
        depth = 0
        while cnt[cur] > 0:
            for i in range(t, cnt[cur], cuda.blockDim.x):
                v = q[cur, i]
                for e in range(indptr[v], indptr[v + 1]):
                    w = indices[e]
                    if cuda.atomic.cas(level, w, -1, depth + 1) == -1:
                        q[1 - cur, cuda.atomic.add(cnt, 1 - cur, 1)] = w
            cuda.syncthreads()
            if t == 0:
                cnt[cur] = 0
            cur = 1 - cur
            depth += 1
            cuda.syncthreads()

    lvl = np.full(n, -1, np.int32)
    k[1, 64](A.indptr, A.indices, lvl)
    r = shortest_path(A, indices=0, unweighted=True)
    r[np.isinf(r)] = -1
    assert (lvl == r).all()


def test_median_filter_and_grey_levels():
    @cuda.jit
    def median3(img, out):
        y, x = cuda.grid(2)
        if y < 1 or x < 1 or y >= img.shape[0] - 1 or x >= img.shape[1] - 1:
            return
        w = cuda.local.array(9, uint8)
        k = 0
        for i in (-1, 0, 1):
            for j in (-1, 0, 1):
                w[k] = img[y + i, x + j]
                k += 1
        for i in range(8, 0, -1):
            for j in range(i):
                if w[j] > w[j + 1]:
                    w[j], w[j + 1] = w[j + 1], w[j]
        out[y, x] = w[4]

    from scipy.ndimage import median_filter

    img = rng.integers(0, 256, (45, 37), dtype=np.uint8)
    o = np.zeros_like(img)
    median3[(3, 3), (16, 16)](img, o)
    assert (o[1:-1, 1:-1] == median_filter(img, 3)[1:-1, 1:-1]).all()

    @cuda.jit
    def gray(rgb, out):
        i, j = cuda.grid(2)
        if i < rgb.shape[0] and j < rgb.shape[1]:
            r, g, b = rgb[i, j]
            out[i, j] = np.uint8(0.299 * r + 0.587 * g + 0.114 * b)

    rgb = rng.integers(0, 256, (33, 20, 3), dtype=np.uint8)
    o = np.zeros((33, 20), np.uint8)
    gray[(3, 2), (16, 16)](rgb, o)
    f = rgb.astype(float)
    assert (np.abs(o - (0.299 * f[..., 0] + 0.587 * f[..., 1] + 0.114 * f[..., 2]).astype(int)) <= 1).all()


def test_modular_powers():
    @cuda.jit(device=True)
    def modpow(b, e, m):
        r = 1
        b %= m
        while e > 0:
            if e & 1:
                r = r * b % m
            b = b * b % m
            e >>= 1
        return r

    @cuda.jit
    def enc(x, e, n, o):
        i = cuda.grid(1)
        if i < x.size:
            o[i] = modpow(x[i], e, n)

    x = np.arange(500, dtype=np.int64)
    o = np.zeros_like(x)
    enc[4, 128](x, 17, 3233 * 7919, o)
    assert o.tolist() == [pow(int(v), 17, 3233 * 7919) for v in x]
    xu = x.astype(np.uint64)
    o = np.zeros_like(xu)
    enc[4, 128](xu, np.uint64(17), np.uint64(3233 * 7919), o)
    assert o.tolist() == [pow(int(v), 17, 3233 * 7919) for v in x]
    xu = x.astype(np.uint32)
    o = np.zeros_like(xu)
    enc[4, 128](xu, np.uint32(17), np.uint32(3233 * 79), o)
    assert o.tolist() == [pow(int(v), 17, 3233 * 79) for v in x]


def test_nearest_neighbours_with_sorted_insertion():
    K = 5

    @cuda.jit
    def k(P, Q, idx, dist):
        q = cuda.grid(1)
        if q >= Q.shape[0]:
            return
        bd = cuda.local.array(K, float32)
        bi = cuda.local.array(K, int32)
        for t in range(K):
            bd[t] = np.inf
            bi[t] = -1
        for p in range(P.shape[0]):
            d = float32(0)
            for c in range(P.shape[1]):
                z = P[p, c] - Q[q, c]
                d += z * z
            if d < bd[K - 1]:
                t = K - 1
                while t > 0 and bd[t - 1] > d:
                    bd[t] = bd[t - 1]
                    bi[t] = bi[t - 1]
                    t -= 1
                bd[t] = d
                bi[t] = p
        for t in range(K):
            idx[q, t] = bi[t]
            dist[q, t] = math.sqrt(bd[t])

    P = rng.random((400, 3), dtype=np.float32)
    Q = rng.random((100, 3), dtype=np.float32)
    i = np.zeros((100, K), np.int32)
    d = np.zeros((100, K), np.float32)
    k[2, 64](P, Q, i, d)
    from scipy.spatial import cKDTree

    dd, ii = cKDTree(P).query(Q, K)
    assert (i == ii).all() and np.allclose(d, dd, atol=1e-5)


def test_transposition_with_a_padded_tile():
    TPB = 32
    BR = 8

    @cuda.jit
    def tr(a, b):
        t = cuda.shared.array((TPB, TPB + 1), dtype=float32)
        x = cuda.blockIdx.x * TPB + cuda.threadIdx.x
        y = cuda.blockIdx.y * TPB + cuda.threadIdx.y
        for j in range(0, TPB, BR):
            if x < a.shape[1] and y + j < a.shape[0]:
                t[cuda.threadIdx.y + j, cuda.threadIdx.x] = a[y + j, x]
        cuda.syncthreads()
        x = cuda.blockIdx.y * TPB + cuda.threadIdx.x
        y = cuda.blockIdx.x * TPB + cuda.threadIdx.y
        for j in range(0, TPB, BR):
            if x < b.shape[1] and y + j < b.shape[0]:
                b[y + j, x] = t[cuda.threadIdx.x, cuda.threadIdx.y + j]

    a = rng.random((70, 100), dtype=np.float32)
    b = np.zeros((100, 70), np.float32)
    tr[(4, 3), (32, 8)](a, b)
    assert (b == a.T).all()


def test_atomics_aggregated_in_warps():
    @cuda.jit
    def filt(dst, nres, src, n):
        i = cuda.grid(1)
        if i >= n:
            return
        if src[i] > 0:
            mask = cuda.activemask()
            leader = cuda.ffs(mask) - 1
            rank = cuda.popc(mask & cuda.lanemask_lt())
            base = 0
            if rank == 0:
                base = cuda.atomic.add(nres, 0, cuda.popc(mask))
            base = cuda.shfl_sync(mask, base, leader)
            dst[base + rank] = src[i]

    n = 5000
    s = rng.integers(-10, 10, n).astype(np.int32)
    d = np.zeros(n, np.int32)
    c = np.zeros(1, np.int32)
    filt[(n + 127) // 128, 128](d, c, s, n)
    assert c[0] == (s > 0).sum() and (np.sort(d[: c[0]]) == np.sort(s[s > 0])).all()


def test_sum_over_the_grid():
    @cuda.jit
    def red(x, part, out):
        g = cuda.cg.this_grid()
        s = cuda.shared.array(128, float64)
        t = cuda.threadIdx.x
        acc = 0.0
        for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            acc += x[i]
        s[t] = acc
        cuda.syncthreads()
        k = cuda.blockDim.x // 2
        while k:
            if t < k:
                s[t] += s[t + k]
            cuda.syncthreads()
            k //= 2
        if t == 0:
            part[cuda.blockIdx.x] = s[0]
        g.sync()
        if cuda.grid(1) == 0:
            tot = 0.0
            for b in range(cuda.gridDim.x):
                tot += part[b]
            out[()] = tot

    x = rng.random(10000)
    p = np.zeros(8)
    o = np.zeros(())
    red[8, 128](x, p, o)
    assert np.isclose(o, x.sum())


def test_stream_compaction():
    @cuda.jit
    def comp(a, out, n_out):
        s = cuda.shared.array(257, int32)
        t = cuda.threadIdx.x
        keep = 1 if a[t] % 3 == 0 else 0
        s[t + 1] = keep
        if t == 0:
            s[0] = 0
        cuda.syncthreads()
        d = 1
        while d < 256:
            v = s[t + 1 - d] if t + 1 >= d else 0
            cuda.syncthreads()
            s[t + 1] += v
            cuda.syncthreads()
            d <<= 1
        if keep:
            out[s[t]] = a[t]
        if t == 255:
            n_out[0] = s[256]

    a = rng.integers(0, 100, 256)
    o = np.zeros(256, int)
    n = np.zeros(1, int)
    comp[1, 256](a, o, n)
    e = a[a % 3 == 0]
    assert n[0] == e.size and (o[: n[0]] == e).all()


def test_connected_components():
    import scipy.sparse as sp
    from scipy.sparse.csgraph import connected_components

    n = 200
    A = sp.random(n, n, 0.005, format="coo", random_state=7)

    @cuda.jit
    def hook(src, dst, lab, ch):
        e = cuda.grid(1)
        if e < src.shape[0]:
            a = lab[src[e]]
            b = lab[dst[e]]
            if a != b:
                hi, lo = (a, b) if a > b else (b, a)
                if cuda.atomic.min(lab, hi, lo) > lo:
                    ch[0] = 1
                cuda.atomic.min(lab, src[e], lo)
                cuda.atomic.min(lab, dst[e], lo)

    @cuda.jit
    def jump(lab):
        i = cuda.grid(1)
        if i < lab.size:
            while lab[i] != lab[lab[i]]:
                lab[i] = lab[lab[i]]

    lab = cuda.to_device(np.arange(n))
    for _ in range(1000):
        ch = cuda.to_device(np.zeros(1, np.int32))
        hook.forall(A.nnz)(A.row, A.col, lab, ch)
        jump.forall(n)(lab)
        if not ch.copy_to_host()[0]:
            break
    l = lab.copy_to_host()
    nc, r = connected_components(A, directed=False)
    assert len(set(l)) == nc and all(len(set(l[r == c])) == 1 for c in range(nc))


def test_julia_set():
    @cuda.jit
    def j(z0, c, out, maxit):
        i, k = cuda.grid(2)
        if i < out.shape[0] and k < out.shape[1]:
            z = complex(z0[k].real, z0[i].imag)
            n = 0
            while abs(z) <= 2 and n < maxit:
                z = z * z + c
                n += 1
            out[i, k] = n

    g = np.linspace(-1.5, 1.5, 40)
    z0 = g + 1j * g
    o = np.zeros((40, 40), np.int32)
    j[(3, 3), (16, 16)](z0, -0.7 + 0.27j, o, 100)
    r = np.zeros_like(o)
    for a in range(40):
        for b in range(40):
            z = complex(g[b], g[a])
            n = 0
            while abs(z) <= 2 and n < 100:
                z = z * z + (-0.7 + 0.27j)
                n += 1
            r[a, b] = n
    assert (o != r).mean() < 0.02
    j[(3, 3), (16, 16)](z0.astype(np.complex64), np.complex64(-0.7 + 0.27j), o, 100)


def test_quicksort_with_a_stack():
    @cuda.jit(device=True)
    def part(a, l, h):
        p = a[h]
        i = l - 1
        for j in range(l, h):
            if a[j] <= p:
                i += 1
                a[i], a[j] = a[j], a[i]
        a[i + 1], a[h] = a[h], a[i + 1]
        return i + 1

    @cuda.jit
    def qs(m):
        r = cuda.grid(1)
        if r >= m.shape[0]:
            return
        a = m[r]
        st = cuda.local.array(128, dtype=int32)
        top = -1
        top += 1
        st[top] = 0
        top += 1
        st[top] = a.shape[0] - 1
        while top >= 0:
            h = st[top]
            top -= 1
            l = st[top]
            top -= 1
            p = part(a, l, h)
            if p - 1 > l:
                top += 1
                st[top] = l
                top += 1
                st[top] = p - 1
            if p + 1 < h:
                top += 1
                st[top] = p + 1
                top += 1
                st[top] = h

    m = rng.random((50, 60))
    e = np.sort(m, 1)
    qs[1, 64](m)
    assert (m == e).all()


def test_cellular_automaton_of_records():
    cell = np.dtype([("alive", np.bool_), ("age", np.uint16), ("pos", np.float32, (2,)), ("n", np.int32)], align=True)

    @cuda.jit
    def st(a, b):
        i, j = cuda.grid(2)
        if i >= a.shape[0] or j >= a.shape[1]:
            return
        n = 0
        for di in range(-1, 2):
            for dj in range(-1, 2):
                if di == 0 and dj == 0:
                    continue
                n += a[(i + di) % a.shape[0], (j + dj) % a.shape[1]].alive
        b[i, j] = a[i, j]
        o = b[i, j]
        o.n = n
        o["alive"] = n == 3 or (o.alive and n == 2)
        o.age = o.age + 1 if o.alive else 0
        o.pos[0] += 0.5
        o["pos"][1] = i

    a = np.zeros((20, 24), cell)
    a["alive"] = rng.random((20, 24)) < 0.4
    b = np.zeros_like(a)
    st[(2, 2), (16, 16)](a, b)
    al = a["alive"].astype(int)
    n = sum(np.roll(al, (x, y), (0, 1)) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y)
    e = (n == 3) | ((al == 1) & (n == 2))
    assert (
        (b["alive"] == e).all()
        and (b["n"] == n).all()
        and (b["age"] == e).all()
        and (b["pos"][:, :, 1] == np.arange(20)[:, None]).all()
    )


def test_n_bodies_in_tiles():
    TB = 64

    @cuda.jit(device=True)
    def inter(bi, bj, ai):
        rx = bj[0] - bi[0]
        ry = bj[1] - bi[1]
        rz = bj[2] - bi[2]
        d = rx * rx + ry * ry + rz * rz + 1e-3
        inv = bj[3] / math.sqrt(d * d * d)
        return (ai[0] + rx * inv, ai[1] + ry * inv, ai[2] + rz * inv)

    @cuda.jit
    def acc(pos, a):
        sh = cuda.shared.array((TB, 4), float64)
        i = cuda.grid(1)
        n = pos.shape[0]
        me = (pos[i, 0], pos[i, 1], pos[i, 2], pos[i, 3]) if i < n else (0.0, 0.0, 0.0, 0.0)
        r = (0.0, 0.0, 0.0)
        for tile in range((n + TB - 1) // TB):
            j = tile * TB + cuda.threadIdx.x
            for c in range(4):
                sh[cuda.threadIdx.x, c] = pos[j, c] if j < n else 0.0
            cuda.syncthreads()
            for k in range(TB):
                r = inter(me, sh[k], r)
            cuda.syncthreads()
        if i < n:
            a[i, 0], a[i, 1], a[i, 2] = r

    p = rng.random((150, 4))
    a = np.zeros((150, 3))
    acc[3, 64](p, a)
    d = p[None, :, :3] - p[:, None, :3]
    q = (d**2).sum(-1) + 1e-3
    e = (d * (p[None, :, 3] / q**1.5)[..., None]).sum(1)
    assert np.allclose(a, e)


def test_dijkstra_in_local_memory():
    @cuda.jit
    def dij(w, dist):
        s = cuda.grid(1)
        n = w.shape[0]
        if s >= n:
            return
        done = cuda.local.array(64, boolean)
        d = cuda.local.array(64, float64)
        for i in range(n):
            done[i] = False
            d[i] = math.inf
        d[s] = 0
        while True:
            b = -1
            for i in range(n):
                if not done[i] and (b == -1 or d[i] < d[b]):
                    b = i
            if b == -1 or d[b] == math.inf:
                break
            done[b] = True
            for i in range(n):
                if w[b, i] > 0 and d[b] + w[b, i] < d[i]:
                    d[i] = d[b] + w[b, i]
        for i in range(n):
            dist[s, i] = d[i]

    n = 40
    w = rng.random((n, n))
    w[rng.random((n, n)) < 0.8] = 0
    o = np.zeros((n, n))
    dij[1, 64](w, o)
    from scipy.sparse.csgraph import dijkstra

    assert np.allclose(o, dijkstra(w))


def test_operations_chosen_by_enumeration():
    from enum import Enum, IntEnum

    class Op(IntEnum):
        ADD = 0
        MUL = 1
        MAX = 2

    class S(Enum):
        A = "a"
        B = "b"

    @cuda.jit
    def k(op, x, y, o):
        i = cuda.grid(1)
        if op[i] == Op.ADD:
            o[i] = x[i] + y[i]
        elif op[i] == Op.MUL:
            o[i] = x[i] * y[i]
        elif op[i] == Op.MAX.value:
            o[i] = max(x[i], y[i])
        else:
            raise ValueError("bad op")

    op = rng.integers(0, 3, 64)
    x = rng.random(64)
    y = rng.random(64)
    o = np.zeros(64)
    k[2, 32](op, x, y, o)
    assert np.allclose(o, np.choose(op, [x + y, x * y, np.maximum(x, y)]))


def test_histograms_of_digits():
    @cuda.jit
    def hist(keys, shift, h):
        s = cuda.shared.array(16, dtype=uint32)
        t = cuda.threadIdx.x
        if t < 16:
            s[t] = 0
        cuda.syncthreads()
        st = cuda.gridsize(1)
        for i in range(cuda.grid(1), keys.size, st):
            cuda.atomic.inc(s, (keys[i] >> shift) & 0xF, 0xFFFFFFFF)
        cuda.syncthreads()
        if t < 16:
            cuda.atomic.add(h, (t, cuda.blockIdx.x % 1), s[t])

    k = rng.integers(0, 2**32, 10000, dtype=np.uint32)
    for sh in (0, 4, 28):
        h = np.zeros((16, 1), np.uint32)
        hist[8, 64](k, np.uint32(sh), h)
        assert (h[:, 0] == np.bincount((k >> sh) & 15, minlength=16)).all()
    h = np.zeros((16, 1), np.uint32)
    hist[8, 64](k, 8, h)
    assert (h[:, 0] == np.bincount((k >> 8) & 15, minlength=16)).all()


def test_rotations_of_32_bits():
    @cuda.jit(device=True)
    def rotr(x, n):
        return ((x >> n) | (x << (32 - n))) & 0xFFFFFFFF

    @cuda.jit
    def k(o):
        i = cuda.grid(1)
        h = np.uint32(0x6A09E667)
        for r in range(8):
            h = np.uint32((rotr(np.uint32(h), 7) ^ rotr(np.uint32(h), 18) ^ (h >> 3)) + i)
        o[i] = h

    o = np.zeros(64, np.uint32)
    k[2, 32](o)

    def py(i):
        h = 0x6A09E667
        ro = lambda x, n: ((x >> n) | (x << (32 - n))) & 0xFFFFFFFF
        for r in range(8):
            h = ((ro(h, 7) ^ ro(h, 18) ^ (h >> 3)) + i) & 0xFFFFFFFF
        return h

    assert o.tolist() == [py(i) for i in range(64)]
