"""Every form of file that the trials are made with, by name."""

from __future__ import annotations

from benchmarks.safety.forms import asf, behind, chunks, flac, mp4, mpeg, ogg, wild
from benchmarks.safety.forms.form import Form, Maker

FORMS: dict[str, Maker] = {
    name: maker
    for module in (mpeg, flac, ogg, chunks, mp4, asf, behind, wild)
    for name, maker in module.forms()
}

__all__ = ["FORMS", "Form", "Maker"]
