"""Prints THIRD-PARTY-NOTICES: the hand list in dev/notices, then the licences of the locked Rust crates.

Usage: notices.py CARGO_ABOUT, the path of the cargo-about program.
"""

import pathlib
import subprocess
import sys

RULE = "=" * 80


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    crates = subprocess.run(
        [sys.argv[1], "generate", "--frozen", "--fail", "--manifest-path", "python/Cargo.toml", "-c", "about.toml", "about.hbs"],
        cwd=root,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    print("verdigris is licensed under MIT OR Apache-2.0. Its wheels contain code from the projects below.")
    print("NVIDIA's libraries are loaded from the user's system where they are there; no part of them is included.")
    for notice in sorted((root / "dev" / "notices").glob("*.txt")):
        print(f"\n{RULE}\n{notice.read_text().strip()}")
    print(f"\n{RULE}\nRust crates")
    print("\n".join(line.rstrip() for line in crates.strip().splitlines()))


if __name__ == "__main__":
    main()
