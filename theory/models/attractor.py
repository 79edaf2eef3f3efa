"""Discrete attractor networks that store dense graded patterns (Cohen, Lengyel 2025)."""

from __future__ import annotations

from theory.interval import INFINITY, Interval
from theory.lazy import Later
from theory.model import Choice, FileParameter, Model, Parameter

BELOW_ONE = Interval(0, 1, True, True)

ATTRACTOR: Model[None] = Model(
    name="attractor",
    equation="dr_i/dt = -r_i + phi(sum_j W_ij r_j), W of least norm with the stored patterns as fixed points",
    parameters=(
        Parameter("alpha", "load, stored patterns per unit", BELOW_ONE),
        Parameter(
            "CV",
            "standard deviation of the rates over their mean (law=sparse: of those that are not eps)",
            Interval(0, 1e6, True),
            only=("law", ("lognormal", "gamma", "sparse")),
        ),
        Parameter("f", "share of the rates that are not eps", Interval(0, 1, True, False), only=("law", ("sparse",))),
        Parameter("eps", "rate of all others, the mean rate being 1", BELOW_ONE, only=("law", ("sparse",))),
        Parameter(
            "units",
            "number of units for which the law is cut, where rates have a probability of 1/units; 0 for no cut",
            Interval(10, INFINITY),
            default=0.0,
            only=("law", ("lognormal", "gamma", "halfnormal", "sparse")),
            also=0.0,
        ),
        FileParameter(
            "samples",
            "rates that stand for the law, each as likely as the others",
            Interval.POSITIVE,
            only=("law", ("samples",)),
            content="one number > 0 a line",
            read=Later("theory.files:differing_numbers_of"),
        ),
    ),
    reference="Cohen, Lengyel 2025, arXiv 2507.10383",
    derive_theory=Later("theory.attractor.theory:derive"),
    choices=(
        Choice(
            "law",
            "law of the rates in a pattern, of mean 1 unless they are given as samples",
            ("lognormal", "gamma", "halfnormal", "sparse", "samples"),
        ),
        Choice(
            "variant",
            "weights of least norm: without self-coupling, with it, without it and with trained biases",
            ("noself", "self", "bias"),
            default="noself",
        ),
    ),
    existence=Later("theory.attractor.theory:existence"),
    limits=Later("theory.attractor.limits:of_attractor"),
)

MODEL = ATTRACTOR
