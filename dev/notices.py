"""Prints THIRD-PARTY-NOTICES: the hand list in dev/notices, then the licences of the locked Rust crates.

Usage: notices.py CARGO_ABOUT, the path of the cargo-about program.
"""

import json
import pathlib
import subprocess
import sys

RULE = "=" * 80


def licences_of_crates(cargo_about, root):
    """`(licence, [crate version, ...], text)`, each text once, our own crates left out."""
    command = [cargo_about, "generate", "--frozen", "--fail", "--manifest-path", "python/Cargo.toml", "-c", "about.toml"]
    done = subprocess.run([*command, "--format", "json"], cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    for licence in json.loads(done.stdout)["licenses"]:
        crates = [user["crate"] for user in licence["used_by"]]
        theirs = sorted(f"{crate['name']} {crate['version']}" for crate in crates if crate["source"] is not None)
        if theirs:
            yield licence["name"], theirs, licence["text"]


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    sections = [
        "verdigris is licensed under MIT OR Apache-2.0. Its wheels contain code from the projects below.\n"
        "NVIDIA's libraries are loaded from the user's system where they are there; no part of them is included."
    ]
    sections += [notice.read_text() for notice in sorted((root / "dev" / "notices").glob("*.txt"))]
    for name, crates, text in licences_of_crates(sys.argv[1], root):
        listed = "\n".join(f"  {crate}" for crate in crates)
        sections.append(f"Rust crates under the {name}:\n{listed}\n\n{text}")
    for place, section in enumerate(sections):
        if place:
            print(f"\n{RULE}")
        print("\n".join(line.rstrip() for line in section.strip("\n").splitlines()))


if __name__ == "__main__":
    main()
