"""The experiments: each runs against a target and returns a `Result`."""
