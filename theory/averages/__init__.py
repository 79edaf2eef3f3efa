"""Averages: the unevaluated node, its measures and their rules, closed forms by table, certification."""
