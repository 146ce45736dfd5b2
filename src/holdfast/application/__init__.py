"""The use cases, one verb per module. They reach the outside world only through ports: no driver, no framework."""
