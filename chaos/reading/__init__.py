"""Simulated runs of the read side: the real modules, a simulated database, a clock of its own, and what they may tell.

python -m chaos.reading --runs 2000
"""
