"""HTTP clients of the benchmark: one for ordinary calls, and one that drives many connections at full speed."""
