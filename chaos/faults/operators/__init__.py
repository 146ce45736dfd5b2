"""Faults from operations: secrets, grants, deployments, restarts, and the commands that run everything."""

from chaos.faults.operators import audit, deployments, endings, rotation, surroundings, upgrades, whole_runs

__all__ = ["audit", "deployments", "endings", "rotation", "surroundings", "upgrades", "whole_runs"]
