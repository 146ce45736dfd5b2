"""What is measured: a stack of our own, its processes, its machine, and what to hold it against."""
