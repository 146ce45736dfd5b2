"""Runs the same loads on a real installation on this machine and on the simulated one, and compares."""
