"""The hall builder: templates, sections by form, import, export and the preview."""
