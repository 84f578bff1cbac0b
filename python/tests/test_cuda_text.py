"""Kernels: strings in arrays and records (dtypes `S` and `U`), against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from verdigris import cuda, errors

RECORD = np.dtype([("n", "i4"), ("name", "U5"), ("tag", "S3"), ("both", "U2", (2,)), ("x", "f8")])
GREETING, MARK = "hello", b"b"


def records():
    rows = [
        (1, "hello", b"abc", ("a", "bc"), 0.5),
        (2, "hell", b"b", ("", "é"), 1.5),
        (3, "", b"", ("zz", "z"), 2.5),
        (4, "héllo", b"\xff\x01", ("ab", "ab"), 3.5),
    ]
    return np.array(rows, RECORD)


def comparisons(r, i, out):
    out[0] = r[i].name == "hello"
    out[1] = r[i]["name"] != GREETING
    out[2] = r[i].tag == b"abc"
    out[3] = r[i].tag != MARK
    out[4] = r[i].name == "hello there"
    out[5] = r[i].name < "hello"
    out[6] = r[i].name <= "hello"
    out[7] = r[i].name > "hell"
    out[8] = GREETING >= r[i].name  # noqa: SIM300
    out[9] = r[i].name in ("hell", "héllo")
    out[10] = r[i].both[0] == r[i].both[1]
    out[11] = r[i].both[1] < r[i].name
    out[12] = len(r[i].name)
    out[13] = len(r[i].tag) + 10 * len(r[i].both[1])
    out[14] = r[i].tag == "abc"
    if r[i].name:
        out[15] = 1
    out[16] = r[i].tag < b"b"
    out[17] = r.name[i] == "hello"
    out[18] = len("héllo") + len(b"ab")
    out[19] = r[i].name == r[0].name


@pytest.mark.filterwarnings("ignore::BytesWarning")
def test_comparisons_and_lengths():
    r = records().view(np.recarray)
    kernel = cuda.jit(comparisons)
    for i in range(len(r)):
        out, want = np.zeros(20), np.zeros(20)
        kernel[1, 1](np.asarray(r), i, out)
        comparisons(r, i, want)
        np.testing.assert_array_equal(out, want, err_msg=str(i))


def stores(r, i):
    r[i].name = r[(i + 1) % 4].name
    r[i].tag = b"xyz12"
    r[i].both[0] = "q"
    r[i].both[1] = r[i].both[0]
    r[i].n = len(r[i].name)


def test_stores():
    got, want = records(), records().view(np.recarray)
    kernel = cuda.jit(stores)
    for i in range(4):
        kernel[1, 1](got, i)
        stores(want, i)
        np.testing.assert_array_equal(got, np.asarray(want))


def test_stores_of_other_lengths_and_kinds():
    @cuda.jit
    def kernel(long, short, tags):
        i = cuda.grid(1)
        if i < long.size:
            short[i] = long[i]
            long[i] = "other text"
            tags[i] = "ascii"
            if i == 1:
                long[i] = b"bytes"

    long, short, tags = np.array(["abcdefgh", "xy", ""], "U8"), np.zeros(3, "U3"), np.zeros(3, "S4")
    kernel[1, 32](long, short, tags)
    assert short.tolist() == ["abc", "xy", ""]
    assert long.tolist() == ["other te", "bytes", "other te"]
    assert tags.tolist() == [b"asci"] * 3


def test_many_threads_look_words_up():
    words = np.array(["one", "two", "three", "four"], "U6")

    @cuda.jit
    def kernel(texts, counts, found):
        i = cuda.grid(1)
        if i < texts.size:
            found[i] = -1
            for w in range(words.size):
                if texts[i] == words[w]:
                    found[i] = w
                    cuda.atomic.add(counts, w, 1)

    texts = np.random.default_rng(0).choice(["one", "three", "five", "four", "on"], 1000)
    counts, found = np.zeros(4, np.int64), np.zeros(1000, np.int64)
    kernel[8, 128](texts, counts, found)
    want = np.array([words.tolist().index(t) if t in words.tolist() else -1 for t in texts])
    np.testing.assert_array_equal(found, want)
    np.testing.assert_array_equal(counts, np.bincount(want[want >= 0], minlength=4))


def test_device_arrays_of_strings():
    @cuda.jit
    def kernel(a):
        i = cuda.grid(1)
        if i < a.shape[0] and a[i, 0] == b"x":
            a[i, 1] = a[i, 0]

    host = np.array([[b"x", b"1"], [b"y", b"2"]], "S2")
    device = cuda.to_device(host)
    kernel[1, 32](device)
    assert device.copy_to_host().tolist() == [[b"x", b"x"], [b"y", b"2"]]


def test_a_variable_keeps_what_it_was_given():
    @cuda.jit(device=True)
    def same(a, b):
        return a == b

    @cuda.jit
    def plain(r, out):
        i = cuda.grid(1)
        if i < 4:
            name = r[i].name
            r[i].name = "gone"
            other = name
            name = r[i].name
            out[i] = 2 * (other == "hello") + 4 * (other == "hell") + 8 * (name == "gone") + 16 * same(other, name)

    out = np.zeros(4)
    plain[1, 32](records(), out)
    assert out.tolist() == [10, 12, 8, 8]


def test_strings_in_own_arrays():
    @cuda.jit
    def kernel(r, out):
        own = cuda.local.array(2, RECORD)
        own[0].name = "abc"
        own[1] = r[0]
        out[0] = own[0].name == "abc"
        out[1] = own[1].name == "hello"
        out[2] = own[1].tag == b"abc"

    out = np.zeros(3)
    kernel[1, 1](records(), out)
    assert out.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("r[0].name = 1", errors.TypingError, "int64 cannot be stored in str"),
        ("r[0].n = r[0].name", errors.TypingError, "cannot be stored"),
        ("r[0].name = r[0].tag", errors.TypingError, "cannot be stored in str"),
        ("r[0].tag = 'é'", errors.TypingError, "only ASCII"),
        ("r[0].n = r[0].name[0] == 'h'", errors.TypingError, "is not indexed"),
        ("r[0].n = r[0].tag < 'a'", errors.TypingError, "not defined for"),
        ("r[0].n = r[0].name + 'a' == 'b'", errors.TypingError, "not defined for"),
    ],
)
def test_what_strings_do_not_do(text, error, match, tmp_path):
    import importlib.util

    file = tmp_path / "module.py"
    file.write_text(f"from verdigris import cuda\n@cuda.jit\ndef kernel(r):\n    {text}\n")
    spec = importlib.util.spec_from_file_location("module", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(error, match=match):
        module.kernel[1, 1](records())


def test_dtypes_that_are_too_long_or_foreign():
    @cuda.jit
    def kernel(a):
        pass

    kernel[1, 1](np.zeros(2, "U256"))
    for dtype in ("U257", ">U3"):
        with pytest.raises(errors.ArgumentError, match="strings of at most 256 characters"):
            kernel[1, 1](np.zeros(2, dtype))
