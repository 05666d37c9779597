"""Renderers: a Report in, text out; the only code that formats anything."""
