"""One queue and one batch per event: commands that arrive during a transaction share the next one."""
