"""Beetsplug."""
