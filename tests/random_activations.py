"""Random activations as a user would type them: rational, composed, powers, piecewise, products and sums."""

from hypothesis import strategies as st

_SMALL = st.integers(1, 9)
_SIGNED = st.integers(-9, 9).filter(bool)
_CONSTANT = st.one_of(
    st.builds("{}".format, _SIGNED),
    st.builds("{}/{}".format, _SIGNED, _SMALL),
    st.sampled_from(["0.05", "40", "1/30", "-25", "1.7", "0.3"]),
)
_SHIFT = st.one_of(st.just(""), st.builds(lambda c: f"-({c})", _CONSTANT))
_ARGUMENT = st.one_of(
    st.just("x"),
    st.builds("({})*x".format, _CONSTANT),
    st.builds("(({})*x{})".format, _CONSTANT, _SHIFT),
    st.builds("(x{})".format, _SHIFT),
)
_POLYNOMIAL = st.one_of(
    st.builds("({}*x)".format, _SMALL),
    st.builds("(x^2-{})".format, _SMALL),
    st.builds("({}+x-x^3/{})".format, _SMALL, _SMALL),
    st.builds("(1+({})*x+x^2)".format, _CONSTANT),
)
_POSITIVE = st.one_of(
    st.builds("(1+x^2/{})".format, _SMALL),
    st.builds("({}+(x{})^2)".format, st.sampled_from(["1", "3", "1/4", "1/50", "1/1000"]), _SHIFT),
    st.builds("(1+x^4/{})".format, _SMALL),
    st.builds("(1+x^2/{}+x^4/{})".format, _SMALL, _SMALL),
    st.builds("(1+x^2/{})^2".format, _SMALL),
)
RATIONAL = st.builds("{}/{}".format, _POLYNOMIAL, _POSITIVE)

_SMOOTH_NAMES = ("tanh", "erf", "sin", "atan", "asinh", "softplus", "sigmoid")


def _composed(inner):
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(_SMOOTH_NAMES), inner),
        st.builds("exp(-({})^2)".format, inner),
    )


SMOOTH = st.one_of(
    _composed(_ARGUMENT),
    _composed(st.builds("{}+{}".format, _composed(_ARGUMENT), _ARGUMENT)),
    _composed(st.builds("({})*{}".format, _CONSTANT, _composed(_ARGUMENT))),
    _composed(RATIONAL),
)
POWER = st.one_of(
    st.builds("power({})".format, st.sampled_from(["1/3", "1/2", "3/4", "4/3", "3/2", "2", "5/2", "3"])),
    st.builds("abs({})^({})".format, _ARGUMENT, st.sampled_from(["2/3", "3/4", "3/2", "2", "7/3"])),
    st.builds("(1+x^2)^({})".format, st.sampled_from(["-1/2", "1/4", "1/2", "-3/2"])),
)
PIECEWISE = st.one_of(
    st.builds("{}({})".format, st.sampled_from(["relu", "abs", "sign", "step"]), _ARGUMENT),
    st.builds("max(-{}, min({}, {}))".format, _SMALL, _SMALL, _ARGUMENT),
    st.builds("min({}, {})".format, _ARGUMENT, _ARGUMENT),
    st.builds("relu({})".format, _composed(_ARGUMENT).map(lambda text: f"{text}-1/2")),
    st.builds("abs({})".format, _composed(_ARGUMENT)),
)
_SINGLE = st.one_of(RATIONAL, SMOOTH, POWER, PIECEWISE)
ACTIVATIONS = st.one_of(
    _SINGLE,
    st.builds("({})*({})".format, _SINGLE, _SINGLE),
    st.builds("{}+({})*({})".format, _SINGLE, _CONSTANT, _SINGLE),
    st.builds("({})^{}".format, SMOOTH, st.integers(2, 3)),
)
"""Strategy: text in the language of the parser."""
