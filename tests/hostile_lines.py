"""Command lines that are no question: malformed, hostile, without an answer. Each gives one sentence and exit code 2.

Plain lists, so that the tests try them and the benchmarks time them. Texts that are no activation are in `hostile.py`.
"""

MODEL = ["static", "-a", "tanh(x)"]
GOOD = ["g=1.2", "sigma=1"]

_NUMBERS = [
    "nan", "NaN", "inf", "-inf", "Infinity", "-1", "-1e-300", "1e999", "-1e999", "1e400/1", "1+2j", "2j", "1_0",
    "0x10", "0b1", "1e", "e1", "1e+", "--1", "+-1", "1-", "1/0", "0/0", "1/", "/1", "1/2/3", "1//2", "2*3", "2**3",
    "1 2", "1,2", "1;2", "1=2", "=1", "a", "g", "x", "pi", "True", "None", "[1]", "(1)", "{1}", "'1'", '"1"', "`1`",
    "$g", "$(true)", "%s", "{0}", "__import__('os')", "__import__('os').system('true')", "lambda: 1", "１", "٣", "²",
    "½", "Ⅷ", "1\u200b", "\u202e1", "1\x00", "\x00", "\x1b[31m1", "\ufeff1", "1\n2", "9" * 5000, "-" + "9" * 100_000,
    "." * 100_000, "1e" + "9" * 100_000, "1/" * 50_000 + "1", "(" * 100_000, "\ud800",
]  # fmt: skip

_PAIRS = [
    [], ["g=1.2"], ["sigma=1"], ["sigma=1", "g="], ["sigma=1", "g= "], ["sigma=1", "g"], ["sigma=1", "=1"],
    ["sigma=1", "="], [*GOOD, ""], [*GOOD, " "], [*GOOD, "="], [*GOOD, "=="], [*GOOD, "g"], [*GOOD, "g=1.2"],
    [*GOOD, "sigma=1"], [*GOOD, "g=1.3"], [*GOOD, "a=3"], [*GOOD, "tau=1"], [*GOOD, "x=1"], [*GOOD, "phi=1"],
    [*GOOD, "Delta=1"], [*GOOD, "self=1"], [*GOOD, "values=1"], [*GOOD, "model=static"], [*GOOD, "activation=x"],
    [*GOOD, "__class__=1"], [*GOOD, "lambda=1"], [*GOOD, "1=g"], [*GOOD, "g.x=1"], [*GOOD, "g-x=1"], [*GOOD, "g x=1"],
    [*GOOD, "'g'=1"], [*GOOD, "ｇ=1"], [*GOOD, "b" * 100_000 + "=1"], [*GOOD, "b" * 100_000], ["G=1", "sigma=1"],
    ["g=1", "Sigma=1"], ["g=1", "σ=1"], ["g:1", "sigma:1"], ["g", "=", "1", "sigma=1"], ["1.2", "1"], [*GOOD, "-5"],
    [*GOOD, "-"], [*GOOD, "--"], [*GOOD, "--", "-h"], [*GOOD, "--what"], [*GOOD, "-x"], [*GOOD, "--json=1"],
    [*GOOD, "--jso"], [*GOOD, "--steps"], [*GOOD, "-o", "file"], [*GOOD, "-a", "x"], [*GOOD, "--activation=x"],
    [*GOOD, "-g=1"], ["g=1.2", "sigma=-1"], ["g=nan", "sigma=nan", "b=nan"], ["g=-1", "sigma"],
]  # fmt: skip

_SETTINGS = [
    "N=0", "N=1", "N=-3", "N=1e9", "N=1000000000", "N=2.5", "N=", "N=many", "N=nan", "N=0x20", "N=1_00", "N=٣٣",
    "N=2²", "N=100,", "N=,", "N=,,,", "N=100;200", "N=" + "1" * 5000, "N=" + "20," * 5000 + "20",
    "N=20,30,40,50,60,70,80,90,100", "seed=-1", "seed=1.5", "seed=x", "seed=9999999999999", "seed=1,2", "couplings=0",
    "couplings=1", "couplings=-2", "couplings=1e3", "couplings=9999999999", "samples=0", "samples=3", "samples=1e3",
    "samples=4,5", "n=100", "sizes=100,200", "Seed=1", "N=20 N=30",
]  # fmt: skip

_NO_SOLUTION = [
    ["-a", "tanh(x)", "g=0.9", "sigma=0"],
    ["-a", "tanh(x)", "g=0", "sigma=0"],
    ["-a", "x", "g=0.5", "sigma=0"],
    ["-a", "x", "g=1", "sigma=1"],
    ["-a", "x", "g=1.0000000001", "sigma=1"],
    ["-a", "3*x", "g=1/3", "sigma=1"],
    ["-a", "x/2+tanh(x)", "g=2", "sigma=1"],
    ["-a", "power(2)", "g=1", "sigma=1"],
    ["-a", "power(2)", "g=0.2886751346", "sigma=1"],
    ["-a", "x^3", "g=5", "sigma=1"],
    ["-a", "tanh(x)", "g=1e160", "sigma=1"],
    ["-a", "tanh(x)", "g=1", "sigma=1e160"],
    ["-a", "tanh(x)", "g=1", "sigma=1e-160"],
    ["-a", "tanh(x)", "g=1e300", "sigma=1e300"],
    ["-a", "tanh(x)", "g=1e-300", "sigma=1e-300"],
    ["-a", "power(9/10)", "g=1e20", "sigma=1"],
    ["-a", "relu(x)", "g=1.5", "sigma=1"],
    ["-a", "relu(x)", "g=0.7", "sigma=0"],
    ["-a", "tanh(x-1)", "g=1", "sigma=0"],
    ["-a", "tanh(x-1)", "g=1", "sigma=1e-160"],
    ["-a", "softplus(x)", "g=1", "sigma=1e160"],
    ["-a", "softplus(x)", "g=1e-9", "sigma=1e-9"],
    ["-a", "tanh(x-1)", "g=1e300", "sigma=1"],
    ["-a", "exp(x)", "g=5", "sigma=5"],
    ["-a", "tanh(a*x) where a>0", "g=1", "sigma=1"],
    ["-a", "tanh(a*x) where a>0", "g=1", "sigma=1", "a=0"],
    ["-a", "tanh(a*x) where a>0", "g=1", "sigma=1", "a=-1"],
    ["-a", "tanh(a*x) where a>0", "g=1", "sigma=1", "a=nan"],
    ["-a", "tanh(g*x) where g>0", "g=1", "sigma=1"],
]

_WORDS = [
    [], [""], ["-"], ["--"], ["--wat"], ["-h2"], ["nothing"], ["solv"], ["SOLVE"], ["solve;true"], ["s" * 100_000],
    ["\x00"], ["solve"], ["solve", "static"], ["solve", "static", "-a"], ["solve", "static", "--activation"],
    ["solve", "static", *GOOD], ["solve", "-a", "tanh(x)", *GOOD], ["solve", "static", "static", "-a", "x", *GOOD],
    ["solve", "", "-a", "x", *GOOD], ["solve", "nothing", "-a", "x", *GOOD], ["solve", "Static", "-a", "x", *GOOD],
    ["solve", "m" * 100_000, "-a", "x", *GOOD], ["solve", "hopfield", "-a", "x", *GOOD],
    ["solve", "../static", "-a", "x", *GOOD], ["solve", "static", "-a=", *GOOD],
    ["solve", "static", "--activation=", *GOOD], ["solve", "static", "--act=tanh(x)", *GOOD],
    ["solve", "static", "-atanh(x", *GOOD], ["derive"], ["derive", *MODEL, "--format"],
    ["derive", *MODEL, "--format", "pdf"], ["derive", *MODEL, "--format", ""], ["derive", *MODEL, "--format", "TEXT"],
    ["derive", *MODEL, "--format", "f" * 100_000], ["derive", *MODEL, "g=1"], ["derive", *MODEL, "--json"],
    ["derive", *MODEL, "--steps=1"], ["derive", "hopfield", "-a", "tanh(x)"],
    ["emit", *MODEL, "--target"], ["emit", *MODEL, "--target", "fortran"], ["emit", *MODEL, "--target", ""],
    ["emit", *MODEL, "-o"], ["emit", *MODEL, "--target", "t" * 100_000], ["emit", *MODEL, "-o", "a", "-o", "b"],
    ["emit", *MODEL, *GOOD], ["simulate", *MODEL], ["validate", *MODEL],
    ["validate", *MODEL, *GOOD, "N=100"], ["validate", *MODEL, *GOOD, "N=100,100"],
    ["validate", *MODEL, *GOOD, "N=20,40", "couplings=2,3,4"], ["validate", "static", "-a", "relu(x)", "g=1.5", "sigma=1"],
    ["simulate", *MODEL, "g=1e300", "sigma=1", "N=4", "couplings=2", "samples=4"], ["check"], ["check", ""],
    ["check", "nobody2020"], ["check", "mato2025", "mato2025"], ["check", "mato2025", "--steps"],
    ["check", "p" * 100_000],
]  # fmt: skip

NETWORK = ["threshold", "/dev/null"]
_FILES = [
    ["threshold"], ["threshold", ""], ["threshold", "nowhere.json"], ["threshold", "."], ["threshold", "/"], NETWORK,
    ["threshold", "network="], ["threshold", "network=nowhere"], ["threshold", "nowhere", "network=nowhere"],
    [*NETWORK, *NETWORK[1:]], ["threshold", "n" * 100_000], ["threshold", "a\x00b"], ["threshold", "-a", "x", "/dev/null"],
    ["threshold", "/dev/null", "method=best"], ["threshold", "/dev/null", "N=3"], ["threshold", "/dev/null", "g=1"],
    ["threshold", "../network.json;true"], ["threshold", "$(true)"], ["threshold", "\ud800"], ["threshold", "-"],
    ["threshold", "/dev/null", "cue="], ["threshold", "/dev/null", "cue=2"], ["threshold", "/dev/null", "cue=" + "1" * 10**6],
    ["threshold", "/dev/null", "y0=1/0"], ["threshold", "/dev/null", "y0=1,,2"], ["threshold", "/dev/null", "form=Q"],
]  # fmt: skip
_DESIGNS = [
    ["design", *NETWORK], ["design", *NETWORK, "diag="], ["design", *NETWORK, "diag=none"], ["design", *NETWORK, "signs=+0-"],
    ["design", "threshold"], ["design"], ["design", *NETWORK, "-o"], ["design", *NETWORK, "objective=best"],
    ["design", "static", "-a", "x", "/dev/null"], ["derive", *NETWORK], ["derive", *NETWORK, "--steps"], ["emit", *NETWORK],
    ["derive", "static", "/dev/null"], ["sweep", *NETWORK], ["check", "/dev/null.json"], ["check", "nowhere.json"],
    ["solve", *NETWORK, "--diagram"], ["solve", *NETWORK, "--diagram", "0"], ["solve", *NETWORK, "--diagram", "0:1:2"],
    ["solve", *NETWORK, "--filippov", "1"], ["solve", *MODEL, *GOOD, "--walls"], ["solve", *NETWORK, "--lag", "1"],
]  # fmt: skip

_COMMANDS = ("solve", "simulate", "validate")
LINES = [
    *([command, *MODEL, f"g={value}", "sigma=1"] for value in _NUMBERS for command in _COMMANDS),
    *([command, *MODEL, *pairs] for pairs in _PAIRS for command in _COMMANDS),
    *(["simulate", *MODEL, *GOOD, setting] for setting in _SETTINGS),
    *(["validate", *MODEL, *GOOD, setting] for setting in _SETTINGS),
    *(["solve", "static", *words] for words in _NO_SOLUTION),
    *_WORDS,
    *([command, *words] for words in _FILES for command in _COMMANDS),
    *_DESIGNS,
]

IN_A_PROCESS = [
    ["solve", *MODEL, "g=nan", "sigma=1"],
    ["solve", "static", "-a", "__import__('os').system('true')", *GOOD],
    ["solve", "static", "-a", "9**9**9", *GOOD],
    ["validate", *MODEL, *GOOD, "N=1e9"],
    ["derive", "static", "-a", "sqrt(x)"],
    ["nothing"],
]
"""One of each kind."""
