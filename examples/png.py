"""Writes an image of iteration counts as a PNG file, with zlib and nothing else."""

import struct
import zlib

import numpy as np

# Colours along the scale from "escapes at once" to "escapes last": night blue, blue, white, amber, brown.
STOPS = [
    (0.0, (4, 10, 60)),
    (0.16, (12, 60, 150)),
    (0.42, (225, 245, 255)),
    (0.64, (255, 175, 25)),
    (0.86, (110, 30, 10)),
    (1.0, (30, 4, 8)),
]


def palette(levels):
    """One RGB colour for each count below `levels`, and black for `levels` itself: inside the set."""
    where = np.linspace(0.0, 1.0, levels) ** 0.6
    places = [place for place, _ in STOPS]
    channels = [np.interp(where, places, [colour[channel] for _, colour in STOPS]) for channel in range(3)]
    return np.vstack([np.stack(channels, axis=1).round().astype(np.uint8), np.zeros((1, 3), np.uint8)])


def write_png(path, counts, max_count):
    """Writes `counts` (2-D, 0 to `max_count`) to `path` as an indexed-colour PNG."""
    if counts.ndim != 2 or not 0 < max_count < 256 or counts.max(initial=0) > max_count:
        raise ValueError("counts must be two-dimensional, from 0 to max_count, which is below 256")
    height, width = counts.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row is led by its filter type, 0
    rows[:, 1:] = counts
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in [
            (b"IHDR", header),
            (b"PLTE", palette(max_count).tobytes()),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        ]:
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
