"""Names of exceptions where programs written for Numba look for them."""
