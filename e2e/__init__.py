"""End-to-end tests of a running Holdfast over HTTP only; see README.md."""
