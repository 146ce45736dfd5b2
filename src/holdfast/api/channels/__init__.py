"""Channels over HTTP: what they are, and which seats they keep back."""
