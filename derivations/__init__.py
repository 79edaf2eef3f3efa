"""Whether they agree: the claims of each paper, re-derived and checked. One module per paper."""
