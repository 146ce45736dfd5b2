"""Changes of events and their charts."""
