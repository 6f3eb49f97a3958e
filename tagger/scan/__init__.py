"""Many files in, the result of each out, in parallel; one bad file never stops the rest.

In the order of the data:

- `ignore`       what of a library is passed over: patterns like those of .gitignore
- `discovery`    paths from the command line -> the audio files under them
- `limits`       what one file may take of this machine, and what is said of one that takes more
- `workers`      processes that work side by side; one that dies or hangs takes only the job at hand
                 with it
- `cache_codec`  what the cache keeps of a file, as bytes with a checksum, and back
- `cache`        what was heard before, so that a second scan is quick and a stopped one goes on
                 where it was
- `parallel`     many files in, what was heard in each out, in parallel; one bad file never stops
                 the rest
- `streaming`    files heard one by one as they are asked for, while the one who asks goes on with
                 other work
- `albums`       one vote over an album, for those who want all its tracks to have the same genres
"""
