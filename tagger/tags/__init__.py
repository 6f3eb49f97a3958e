"""What the tags of a file say, and which bytes of it are sound.

In the order of the data:

- `field_map`         which field of a file holds each kind of tag, container by container
- `mediafile_fields`  the instruments of a track as a field of mediafile, which beets reads and
                      writes files with
- `reader`            the tags a music file holds today, and the one place where it is opened for
                      them
- `fingerprint`       the sound of a file without its tags: whether two are the same, and a
                      fingerprint
- `containers`        the containers of music: each cut into items and pieces, and put together
                      again
"""
