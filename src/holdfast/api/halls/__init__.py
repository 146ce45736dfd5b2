"""Halls over HTTP: price categories, the hall's document, and the layout for those who draw it."""
