"""Why a tag is given: when in the track and at which frequencies it was heard.

- `occlusion`   what each part of a slice adds to a label
- `evidence`    a file -> its explanation: maps, windows for and against
- `words`       an explanation as text
- `scene`       what a picture consists of
- `colors`      numbers -> colours that colour-blind people can tell apart
- `layout`      an explanation -> a picture
- `svg`, `png`  a picture -> a file
"""
