"""Load from other programs (wrk, k6), and listeners in their own process."""
