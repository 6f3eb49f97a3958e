"""How good a model is, how sure the figures are, and what lowers them.

In the order of use:

- `sound_changes`   what a recording goes through before it reaches a library: codecs, pitch,
                    tempo...
- `robustness`      a model over changed sound, scored exactly as a scan scores a file
- `bootstrap`       figures with intervals, by drawing whole artists again and again
- `results`         everything measured, as one value
- `markdown`        the results as Markdown
- `diagrams`        panels of what was measured, drawn by matplotlib
- `figures`         the results as pictures
- `report_files`    all of it into a folder
- `calibration`     votes of held-out tracks -> the rule by which each label becomes a probability
                    and a decision
- `card_figures`    scores of held-out sound -> the rules, evidence and figures of a card
- `held_out_votes`  a model's votes on held-out sound beside the labels: all that metrics need
- `teacher_agreement`  where two teachers of different kinds agree about held-out songs
- `label_evidence`  which labels a model may write: those whose quality was measured on real,
                    held-out sound
- `metrics`         how well scores rank and decide, label by label, over what is known
- `model_page`      `python -m training page`: a model's card as a page for people, made from the
                    card alone
- `predict`         a model over labelled files, scored exactly as a user's scan scores them
- `reliability`     how far the probabilities and tags of a model can be trusted, on artists its
                    rules never saw
"""
