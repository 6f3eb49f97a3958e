"""musictag listens to music files and names the genres and instruments heard in them.

The modules in the order in which data flows through them:

- `library`     folders -> audio file paths
- `audio`       path -> windows of sound
- `mel`         windows -> log-mel slices
- `card`        everything about a model but its weights
- `session`     ONNX Runtime, which nothing else imports
- `model`       card + weights, checked and ready to run
- `network_file`  what an ONNX file holds, read without running it
- `registry`    a person's own models: taken up, chosen, handed on
- `inference`   log-mel slices -> slice scores
- `voting`      slice scores -> track scores -> tags
- `containers`  the bytes of a file <-> its tags, for each kind of file
- `fields`      which field of a file holds which kind of tag; `media` says it to mediafile
- `payload`     the sound of a file without its tags
- `tagfile`     path -> the tags a file holds today
- `cache`       what was heard in earlier scans, as `kept` packs it
- `pool`        processes side by side, of which one may die
- `limits`      what one file may take of this machine
- `scan`        many paths -> what was heard in each, in parallel
- `beam`        the same on a cluster, as an Apache Beam pipeline (extra `[beam]`)
- `listening`   the same for paths that come one by one, while other work goes on
- `albums`      results -> results with one vote over each album
- `taste`       which names a person wants to be written
- `plan`        tags held and heard -> what would be changed; `planfile` keeps it as JSON
- `disk`        the few things that are done to a disk; `swapping` puts a copy in a file's place
- `delta`       old file, new file -> what it takes to make the old one again
- `rewriting`   one file -> the same file with other tags, or untouched
- `journal`     what was meant and what came of it, durably, as `entries` in `rows` of a `schema`
- `recovery`    what became of files whose process died; `salvage` does that for a journal
- `apply`       a plan becomes true; `undo` takes a run back
- `noting`      what beets writes, in the same journal
- `report`      results and plans -> table, CSV, JSON, HTML
- `explain`     path -> when and where in the spectrum each tag was heard
- `demo`        a synthesised music library to try all of it on
- `cli`         the `musictag` command

Axis letters, the same in every docstring: B batch, S slices, T samples, M mel bands, F frames,
K labels, C channels. Units are written out: Hz, seconds, samples, dBFS.
"""

from __future__ import annotations

import os

# ONNX Runtime would report to its makers. It looks at this when it is imported, by whomever: by us,
# by Beam, by a test; all of them import this package first, and processes inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

DEFAULT_MODEL = "small"  # the name of the model that ships
CHOSEN = "default"  # stands for the model a person has chosen, the shipped one if they have not
