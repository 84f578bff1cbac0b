"""Benches of the Python package against NumPy and Numba, in one run.  `python -m benches.python --help`."""
