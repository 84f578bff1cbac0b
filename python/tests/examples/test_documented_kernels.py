"""The kernels that Numba's documentation teaches CUDA with, in their form, written anew: each against NumPy."""

import numpy as np
import pytest

from verdigris import cuda, float32, float64, int32

# --- vector addition ---


@cuda.jit
def add_vectors(a, b, c):
    i = cuda.grid(1)
    if i < c.size:
        c[i] = a[i] + b[i]


def test_vector_addition():
    rng = np.random.default_rng(0)
    a, b = (cuda.to_device(rng.random(100_000)) for _ in range(2))
    c = cuda.device_array_like(a)
    add_vectors.forall(len(a))(a, b, c)
    np.testing.assert_array_equal(c.copy_to_host(), a.copy_to_host() + b.copy_to_host())
    add_vectors[(len(a) + 255) // 256, 256](a, a, c)
    np.testing.assert_array_equal(c.copy_to_host(), 2 * a.copy_to_host())


# --- reduction in shared memory ---

ELEMENTS = 1024


@cuda.jit
def sum_in_place(data):
    t = cuda.threadIdx.x
    if t < len(data):
        i = cuda.grid(1)
        partial = cuda.shared.array(ELEMENTS, int32)
        partial[t] = data[i]
        cuda.syncthreads()
        stride = 1
        while stride < cuda.blockDim.x:
            if t % (2 * stride) == 0:
                partial[t] += partial[t + stride]
            stride *= 2
            cuda.syncthreads()
        if t == 0:
            data[t] = partial[t]


def test_reduction():
    data = cuda.to_device(np.arange(ELEMENTS))
    sum_in_place[1, ELEMENTS](data)
    assert data[0] == np.arange(ELEMENTS).sum()


# --- matrix products ---

TILE = 16


@cuda.jit
def multiply_plain(A, B, C):
    i, j = cuda.grid(2)
    if i < C.shape[0] and j < C.shape[1]:
        total = 0.0
        for k in range(A.shape[1]):
            total += A[i, k] * B[k, j]
        C[i, j] = total


@cuda.jit
def multiply_tiled(A, B, C):
    a = cuda.shared.array((TILE, TILE), float32)
    b = cuda.shared.array((TILE, TILE), dtype=float32)
    x, y = cuda.grid(2)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    total = float32(0.0)
    for tile in range((A.shape[1] + TILE - 1) // TILE):
        a[ty, tx] = 0
        b[ty, tx] = 0
        if y < A.shape[0] and tx + tile * TILE < A.shape[1]:
            a[ty, tx] = A[y, tx + tile * TILE]
        if x < B.shape[1] and ty + tile * TILE < B.shape[0]:
            b[ty, tx] = B[ty + tile * TILE, x]
        cuda.syncthreads()
        for k in range(TILE):
            total += a[ty, k] * b[k, tx]
        cuda.syncthreads()
    if y < C.shape[0] and x < C.shape[1]:
        C[y, x] = total


@pytest.mark.parametrize(("n", "k", "m"), [(4, 4, 4), (64, 48, 80), (23, 7, 22), (100, 33, 17)])
def test_matrix_products(n, k, m):
    rng = np.random.default_rng(n)
    A, B = rng.integers(-9, 9, (n, k)).astype(np.float32), rng.integers(-9, 9, (k, m)).astype(np.float32)
    C = np.zeros((n, m), np.float32)
    grid = (max(n, m) + TILE - 1) // TILE
    multiply_plain[(grid, grid), (TILE, TILE)](A, B, C)
    np.testing.assert_array_equal(C, A @ B)
    C[:] = -1
    multiply_tiled[(grid, grid), (TILE, TILE)](A, B, C)
    np.testing.assert_array_equal(C, A @ B)


# --- Laplace's equation ---


@cuda.jit
def relax(A, new, error):
    tile = cuda.shared.array((16, 16), float64)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    i, j = cuda.grid(2)
    tile[tx, ty] = 0.0
    if 1 <= i < A.shape[0] - 1 and 1 <= j < A.shape[1] - 1:
        new[i, j] = 0.25 * (A[i, j + 1] + A[i, j - 1] + A[i - 1, j] + A[i + 1, j])
        tile[tx, ty] = abs(new[i, j] - A[i, j])
    cuda.syncthreads()
    t = 8
    while t > 0:
        if tx < t:
            tile[tx, ty] = max(tile[tx, ty], tile[tx + t, ty])
        cuda.syncthreads()
        t //= 2
    t = 8
    while t > 0:
        if tx == 0 and ty < t:
            tile[tx, ty] = max(tile[tx, ty], tile[tx, ty + t])
        cuda.syncthreads()
        t //= 2
    if tx == 0 and ty == 0:
        error[cuda.blockIdx.x, cuda.blockIdx.y] = tile[0, 0]


def test_laplace():
    n = 50
    A = np.zeros((n, n))
    A[:, 0] = 1.0
    new, right = A.copy(), A.copy()
    error = np.zeros((4, 4))
    for _ in range(30):
        relax[(4, 4), (16, 16)](A, new, error)
        wanted = right.copy()
        wanted[1:-1, 1:-1] = 0.25 * (right[1:-1, 2:] + right[1:-1, :-2] + right[:-2, 1:-1] + right[2:, 1:-1])
        assert error.max() == pytest.approx(np.abs(wanted - right).max(), rel=1e-12)
        np.testing.assert_allclose(new, wanted, rtol=1e-13)
        A, new, right = new, A, wanted
        new[:, 0] = 1.0


# --- the game of life, by a block that steps in shared memory ---


@cuda.jit
def live(board, generations):
    cells = cuda.shared.array((2, 34, 34), int32)
    x, y = cuda.threadIdx.x + 1, cuda.threadIdx.y + 1
    for side in range(2):
        cells[side, y, x] = board[y - 1, x - 1]
        if x == 1:
            cells[side, y, 0] = cells[side, y, 33] = 0
        if y == 1:
            cells[side, 0, x] = cells[side, 33, x] = 0
        if x == 1 and y == 1:
            cells[side, 0, 0] = cells[side, 0, 33] = cells[side, 33, 0] = cells[side, 33, 33] = 0
    cuda.syncthreads()
    for g in range(generations):
        old, new = g % 2, 1 - g % 2
        n = 0
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                if dy != 0 or dx != 0:
                    n += cells[old, y + dy, x + dx]
        cells[new, y, x] = n == 3 or (n == 2 and cells[old, y, x] == 1)
        cuda.syncthreads()
    board[y - 1, x - 1] = cells[generations % 2, y, x]


def test_game_of_life():
    board = np.random.default_rng(8).integers(0, 2, (32, 32), dtype=np.int32)
    right = board.copy()
    for _ in range(21):
        wide = np.pad(right, 1)
        n = sum(wide[1 + a : 33 + a, 1 + b : 33 + b] for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b)
        right = ((n == 3) | ((n == 2) & (right == 1))).astype(np.int32)
    live[1, (32, 32)](board, 21)
    np.testing.assert_array_equal(board, right)


# --- Monte Carlo with a generator of the kernel's own ---


@cuda.jit
def hits(seeds, counts, trials):
    i = cuda.grid(1)
    if i >= counts.size:
        return
    state = seeds[i]
    inside = 0
    for _ in range(trials):
        state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        x = (state >> np.uint64(40)) * (1.0 / (1 << 24))
        state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        y = (state >> np.uint64(40)) * (1.0 / (1 << 24))
        if x * x + y * y <= 1.0:
            inside += 1
    counts[i] = inside


def test_monte_carlo():
    seeds = np.random.default_rng(0).integers(0, 1 << 63, 500).astype(np.uint64)
    counts = np.zeros(500, np.int64)
    hits[5, 100](seeds, counts, 400)
    right, state = np.zeros(500, np.int64), seeds.copy()
    for _ in range(400):
        point = []
        for _ in range(2):
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            point.append((state >> np.uint64(40)).astype(np.float64) / (1 << 24))
        right += point[0] ** 2 + point[1] ** 2 <= 1.0
    np.testing.assert_array_equal(counts, right)
    assert counts.sum() / 200_000 * 4 == pytest.approx(np.pi, abs=0.02)
