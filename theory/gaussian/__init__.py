"""Gaussian averages: the unevaluated node, Stein and Price rules, closed forms by table, certification."""
