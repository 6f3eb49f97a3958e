"""Every form of file that the trials are made with, by name."""

from __future__ import annotations

from benchmarks.safety.forms import mpeg
from benchmarks.safety.forms.form import Form, Maker

FORMS: dict[str, Maker] = dict(mpeg.forms())

__all__ = ["FORMS", "Form", "Maker"]
