"""Compiled code kept in files: found again, never stale, safe when several processes write."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
import numpy as np
from verdigris import cuda, vectorize
from helpers_of_{name} import scaled

@cuda.jit
def kernel(out, x):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = scaled(x[i]) + FACTOR

@vectorize
def plus(a, b):
    return scaled(a) + b

FACTOR = {factor}
x = np.arange(5.0)
out = np.zeros(5)
kernel[1, 32](out, x)
print(out.tolist(), plus(x, 1.0).tolist())
"""


class Program:
    def __init__(self, folder, name="one"):
        self.folder, self.name, self.cache = folder, name, folder / "cache"
        self.write()

    def write(self, factor=2.0, body="return 3 * x"):
        (self.folder / f"helpers_of_{self.name}.py").write_text(
            f"from verdigris import cuda\n\n\n@cuda.jit(device=True)\ndef scaled(x):\n    {body}\n"
        )
        self.script = self.folder / f"{self.name}.py"
        self.script.write_text(SCRIPT.format(name=self.name, factor=factor))

    def environment(self, **variables):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("VERDIGRIS_")}
        return kept | {"VERDIGRIS_CACHE_DIR": str(self.cache), "PYTHONDONTWRITEBYTECODE": "1"} | variables

    def run(self, **variables):
        done = subprocess.run(
            [sys.executable, str(self.script)],
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def files(self):
        return sorted(self.cache.glob("*.vgo")) if self.cache.exists() else []


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


def test_the_second_process_finds_what_the_first_made(program):
    first = program.run()
    assert first == "[2.0, 5.0, 8.0, 11.0, 14.0] [1.0, 4.0, 7.0, 10.0, 13.0]"
    files = program.files()
    assert len(files) >= 2
    sizes = {f: (f.stat().st_ino, f.stat().st_size) for f in files}
    assert program.run() == first
    assert {f: (f.stat().st_ino, f.stat().st_size) for f in program.files()} == sizes, "nothing was made anew"
    assert not list(program.cache.glob(".*")), "no unfinished file is left"


def test_a_change_of_anything_used_is_another_entry(program):
    program.run()
    count = len(program.files())
    program.write(factor=5.0)
    assert program.run().startswith("[5.0, 8.0")
    program.write(factor=5.0, body="return 4 * x")
    assert program.run() == "[5.0, 9.0, 13.0, 17.0, 21.0] [1.0, 5.0, 9.0, 13.0, 17.0]"
    assert len(program.files()) > count
    program.write()
    assert program.run().startswith("[2.0, 5.0")


def test_damaged_entries_are_made_anew(program):
    first = program.run()
    for n, file in enumerate(program.files()):
        data = bytearray(file.read_bytes())
        if n % 2:
            data = data[: len(data) // 2]
        else:
            data[-1] ^= 0xFF
        file.write_bytes(data)
    assert program.run() == first
    before = [f.read_bytes() for f in program.files()]
    assert program.run() == first
    assert [f.read_bytes() for f in program.files()] == before


def test_several_writers_at_once(program):
    started = [
        subprocess.Popen(
            [sys.executable, str(program.script)],
            env=program.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    outputs = {p.communicate(timeout=120) for p in started}
    assert {out.strip() for out, _ in outputs} == {program.run()}
    assert {err for _, err in outputs} == {""}


def test_places_of_faults_survive(tmp_path):
    program = Program(tmp_path)
    program.script.write_text(
        "import numpy as np\nfrom verdigris import cuda, errors\n\n\n"
        "@cuda.jit\ndef kernel(x):\n    x[7] = 1\n\n\n"
        "try:\n    kernel[2, 3](np.zeros(4))\n"
        "except errors.KernelIndexError as e:\n    print(e.lineno, e.array, e.index, e.extent)\n"
    )
    assert program.run() == program.run() == "7 x 7 4"
    assert len(program.files()) == 1


def test_it_can_be_turned_off_and_moved(program, tmp_path):
    first = program.run(VERDIGRIS_CACHE="0")
    assert program.files() == []
    home = tmp_path / "home"
    home.mkdir()
    assert program.run(VERDIGRIS_CACHE_DIR="", XDG_CACHE_HOME="", HOME=str(home)) == first
    assert list((home / ".cache" / "verdigris").glob("*.vgo"))
    assert (home / ".cache" / "verdigris").stat().st_mode & 0o777 == 0o700


def test_a_directory_open_to_others_is_left_alone(program):
    program.cache.mkdir(mode=0o755)
    program.cache.chmod(0o755)
    program.run()
    assert program.files() == []
    told = subprocess.run(
        [sys.executable, "-m", "verdigris", "cache"], env=program.environment(), capture_output=True, text=True, timeout=60
    )
    assert "off: " in told.stdout and "open to others" in told.stdout


def test_the_command_tells_and_clears(program):
    program.run()
    count = len(program.files())

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "verdigris", *arguments], env=program.environment(), capture_output=True, text=True, timeout=60
        ).stdout

    assert f"({count} objects, " in command("cache")
    assert str(program.cache) in command()
    assert command("cache", "clear") == f"{count} objects removed\n"
    assert program.files() == []


def test_functions_without_a_file_are_not_kept(program):
    program.script.write_text(
        "import linecache\nimport numpy as np\nfrom verdigris import cuda\n"
        "text = 'from verdigris import cuda\\n@cuda.jit\\ndef f(x):\\n    x[0] = 7\\n'\n"
        "linecache.cache['<typed>'] = (len(text), None, text.splitlines(True), '<typed>')\n"
        "world = {}\nexec(compile(text, '<typed>', 'exec'), world)\nx = np.zeros(1)\nworld['f'][1, 1](x)\nprint(x[0])\n"
    )
    assert program.run() == "7.0"
    assert program.files() == []


def test_the_limit_is_kept(program):
    for n in range(6):
        program.write(factor=float(n))
        program.run(VERDIGRIS_CACHE_LIMIT="0")
    assert len(program.files()) <= 3
