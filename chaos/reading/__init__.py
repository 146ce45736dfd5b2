"""Simulated runs of the read side: the real modules, a simulated database and clock, and rules for the answers.

python -m chaos.reading --runs 2000
"""
