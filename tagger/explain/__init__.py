"""Why a tag is given: when in the track and at which frequencies the model finds it.

- `occlusion`  what each part of a slice adds to a label
- `evidence`   a file -> its explanation: maps, windows for and against
- `text`       an explanation as text
- `layout`     an explanation -> a picture
"""
