"""Reads the tags of music files and separates them from the audio data.

In the order of the data:

- `containers`        parses each container format into items and ranges, and builds items
- `field_map`         which key holds each field in each tag format
- `mediafile_fields`  the instrument field for mediafile, the library with which beets reads tags
- `reader`            opens a music file and reads its tags; the only module that does
- `fingerprint`       identifies and compares the audio data of files, without their tags
"""
