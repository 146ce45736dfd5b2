"""The profile of Hypothesis."""

import domain.profile  # noqa: F401 - loads it
