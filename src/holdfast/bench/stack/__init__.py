"""What is measured: an own stack, its processes, its machine, and what to compare it with."""
