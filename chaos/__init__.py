"""The fault suite: it injects faults, records what clients see, and checks the record for double sales and losses.

It is not part of the package and talks to Holdfast from outside. docs/model.md says what is proved.
"""
