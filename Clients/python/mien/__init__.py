"""Estimators for Mien in Python. Authors need `mien.plugin` alone; `mien.wire` and `mien.messages` are what it stands on."""

__version__ = "0.1.0"
