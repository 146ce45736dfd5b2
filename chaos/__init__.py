"""The proof of "nothing is sold twice, nothing acknowledged is lost": histories, their checkers, and the faults.

Not shipped: a tool of the repository that talks to Holdfast from outside. docs/model.md says what is proved.
"""
