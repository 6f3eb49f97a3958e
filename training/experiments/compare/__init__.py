"""`python -m training compare`: systems by protocols, side by side on the same sound.

In the order of use:

- `tasks`        labelled clips -> what is to be told apart in them
- `features`     clips -> all that the systems need of their sound, kept on disk
- `our_network`  what our network makes of a clip
- `metrics`      scores -> accuracy, average precision, ROC-AUC
- `cells`        one system under one protocol
- `grid`         every system under every protocol
- `margins`      how far ours is ahead, and how surely
- `summary`      cells -> means, spreads and leaks
- `markdown`     the summary as Markdown
- `figure`       the summary as a picture
- `session`      all of it, from clips to files
- `command`      the command line
"""
