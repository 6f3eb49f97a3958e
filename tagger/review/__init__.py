"""`musictag review`: listen, decide, write and undo in a browser, on this machine only.

In the order of the data:

- `offers`       what a person is offered for one kind of tag of one file, and what a choice makes
                 of it
- `items`        one file under review: its result, what is ticked, what became of it
- `state`        all files under review, shared by the threads that classify, write and answer
- `classifying`  files are classified in a thread, which a person may stop and let go on
- `decisions`    what a person ticked and left unticked, stored for training and calibration
- `runs`         runs that write or take back, one at a time
- `past_runs`    the runs of this machine, from the journal
- `covers`       the picture in a file
- `media`        the sound of a file
- `gate`         who may come in
- `entrance`     the file, and the link, that let the person's browser in
- `bodies`       what the page sends, read with suspicion
- `routes`       what the page may ask for
- `page`         the page itself
- `server`       the server, from its first to its last request
"""
