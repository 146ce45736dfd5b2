"""Load that other programs make (wrk, k6), and listeners in a process of their own."""
