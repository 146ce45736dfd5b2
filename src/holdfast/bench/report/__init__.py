"""The findings: figures, checks and charts, written as JSON, Markdown and SVG."""
