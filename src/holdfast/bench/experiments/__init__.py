"""The experiments: each runs on a target and answers a `Result`."""
