"""Hypothesis settings for all tests, loaded by the conftest of each folder that uses it."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "holdfast",
    deadline=None,  # the machine is shared, so durations prove nothing
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("holdfast")
