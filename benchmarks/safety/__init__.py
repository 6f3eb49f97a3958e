"""An attack on the writing of tags, by tools that share nothing with what writes them."""
