"""Many files in, the result of each out, in parallel; one bad file never stops the rest.

Not called `scan`: that is the function `tagger.scan`, and a package cannot have both.

In the order of the data:

- `settings`     how files are scored, and which labels become tags
- `ignore`       what of a library is passed over: patterns like those of .gitignore
- `discovery`    paths from the command line -> the audio files under them
- `arrivals`     music files that arrive in folders, each once it has stopped growing
- `workers`      one process that answers jobs; it may die or hang over any of them
- `pool`         many of them; one that is lost takes only its job with it
- `limits`       how much memory and time one file may take, and what is said of one that takes more
- `cache_codec`  scores and tags of a file as bytes with a checksum, and back
- `cache`        scores of earlier scans, so that a second one is quick and a stopped one goes on
- `results`      what came of one file
- `read_ahead`   files asked of the disk before their turn
- `one_file`     one file -> its result
- `parallel`     many files -> their results
- `api`          `tag`, `scan` and `load_model`, which `import tagger` offers
- `albums`       one vote over an album, for those who want all its tracks to have the same genres
"""
