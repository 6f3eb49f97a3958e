"""A person's own labelled music: where it is, what it is called, and whose word that is.

- `track`          a file, its names and its group (artist); each file once
- `files`          a folder for each label, or the tags of files
- `table`          a CSV table
- `beets_library`  a beets library, which is only ever read as a copy
- `reviews`        what a person ticked and unticked in a review or a plan
- `own_tags`       names that musictag wrote itself and nobody confirmed are no evidence
"""
