"""Temporary AWS credentials in the shell you are sitting in."""

__version__ = "0.1.0"
