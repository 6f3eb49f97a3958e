"""`python -m training compare`: systems by protocols, side by side on the same sound.

In the order of use:

- `tasks`     labelled clips -> what is to be told apart in them
- `hearing`   clips -> all that the systems need of their sound, kept on disk
- `ours`      what our network makes of a clip
- `figures`   scores -> accuracy, average precision, ROC-AUC
- `ledger`    finished cells of the table on disk, so that a stopped run goes on
- `cells`       one system under one protocol
- `grid`      every system under every protocol
- `margins`     how far ours is ahead, and how surely
- `summary`   cells -> means, spreads and leaks
- `words`     the summary as Markdown
- `drawing`   the summary as a picture
- `session`   all of it, from clips to files
- `command`   the command line
"""
