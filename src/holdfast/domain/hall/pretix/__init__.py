"""Seating plans of pretix: read in both generations, written in the newer one."""
