"""Channels of an event: who may buy seats that are kept back, and which seats these are."""
