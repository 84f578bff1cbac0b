"""The three examples, as a user runs them, and the Mandelbrot image pixel for pixel."""

import pathlib
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def run(name, folder):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], cwd=folder, stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    return done.stdout


def counts_of_png(path):
    """The indexes of an indexed-colour PNG whose rows are unfiltered."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, {}
    while place < len(data):
        (size,) = struct.unpack_from(">I", data, place)
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        assert struct.unpack_from(">I", data, place + 8 + size) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        place += 12 + size
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert form == [8, 3, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    assert rows.max() < len(chunks[b"PLTE"]) // 3
    return rows[:, 1:]


def escape(x, y, max_iters):
    c = complex(x, y)
    z = 0.0j
    for i in range(max_iters):
        z = z * z + c
        if (z.real * z.real + z.imag * z.imag) >= 4:
            return i
    return max_iters


def pure_python_image(height, width, iters):
    pixel_x, pixel_y = 3.0 / width, 2.0 / height
    return np.array(
        [[escape(-2.0 + x * pixel_x, -1.0 + y * pixel_y, iters) for x in range(width)] for y in range(height)], np.uint8
    )


def test_vector_add_prints_the_sum(tmp_path):
    assert run("vector_add.py", tmp_path) == "[2. 2. 2. ... 2. 2. 2.]\n"


def test_random_numbers_prints_ten_uniforms(tmp_path):
    numbers = [float(word) for word in run("random_numbers.py", tmp_path).strip("[] \n").split()]
    assert len(set(numbers)) == 10
    assert all(0.0 < number <= 1.0 for number in numbers)


def test_mandelbrot_is_pure_pythons_pixel_for_pixel(tmp_path):
    run("mandelbrot.py", tmp_path)
    image = counts_of_png(tmp_path / "mandelbrot.png")
    assert image.shape == (1024, 1536)
    assert np.array_equal(image, pure_python_image(1024, 1536, 20))


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 3), (97, 131)])
def test_mandelbrot_of_any_shape(shape, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    import mandelbrot

    image = np.full(shape, 255, np.uint8)
    mandelbrot.draw(image, 50)
    assert np.array_equal(image, pure_python_image(*shape, 50))


def test_png_refuses_what_it_cannot_write(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(EXAMPLES)
    from png import write_png

    for counts, max_count in [(np.zeros(4, np.uint8), 20), (np.full((2, 2), 21), 20), (np.zeros((2, 2), np.uint8), 256)]:
        with pytest.raises(ValueError, match="two-dimensional"):
            write_png(tmp_path / "x.png", counts, max_count)
    assert not (tmp_path / "x.png").exists()
