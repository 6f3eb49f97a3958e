"""Runs the synth command: `python -m training.synth`."""

from __future__ import annotations

from training.synth.command import synth

if __name__ == "__main__":
    synth()
