"""Faults from operations: secrets, grants, deployments, restarts, and the commands that run everything."""

from chaos.faults.operators import archiving, audit, deployments, endings, rotation, surroundings, upgrades, whole_runs

__all__ = ["archiving", "audit", "deployments", "endings", "rotation", "surroundings", "upgrades", "whole_runs"]
