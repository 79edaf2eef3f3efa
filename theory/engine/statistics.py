"""Statistics of covariance matrices over the couplings, from the kernel of the fields that measure them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sympy import Expr, Matrix, Mul, S, eye

from theory.averages.average import over_frozen_mean, without_variances
from theory.derivation import Replay, Solves, Step, named
from theory.engine.cavity import CavityStatistics
from theory.engine.collective import Action, Field, Kernel, SiteMeasure
from theory.engine.steps import comparison_steps


@dataclass(frozen=True)
class CovarianceStatistics:
    """Fluctuations of fields o_k^a o_l^b, and what they say about covariance matrices C, connected where phi is not odd.

    Attributes
    ----------
    kernel : Kernel
        Of the fields for all pairs of operators: response, activity, preactivation.
    measure : SiteMeasure
        Of the saddle.
    two_point : Matrix
        One-site two-point function of the operators, connected and at a fixed mean where phi is not odd.
    columns : Matrix
        N Cov of all fields with those that measure C.
    place : mapping from 'x' and 'phi'
        Position of the field that measures C.
    trace, diagonal, entry, n_variance, dimension : mapping from 'x' and 'phi'
        Mean over units of C_ii and of C_ii^2, (1/N) sum_ij C_ij^2, N times the variance of an off-diagonal C_ij, the participation
        dimension.
    shown : Matrix
        The rows of `columns` that carry the results.
    """

    kernel: Kernel
    measure: SiteMeasure
    two_point: Matrix
    columns: Matrix
    place: Mapping[str, int]
    trace: Mapping[str, Expr]
    diagonal: Mapping[str, Expr]
    entry: Mapping[str, Expr]
    n_variance: Mapping[str, Expr]
    dimension: Mapping[str, Expr]
    shown: Matrix

    @classmethod
    def of(
        cls,
        kernel: Kernel,
        measure: SiteMeasure,
        two_point: Matrix,
        place: Mapping[str, int],
        own: Mapping[str, Expr],
        tidy: Callable[[Expr], Expr],
    ) -> CovarianceStatistics:
        """Read the statistics off the kernel; `own` is C_ii of one unit, `tidy` brings a result into its printed form."""
        columns = Matrix.hstack(*(kernel.column(k) for k in place.values()))
        trace, diagonal = (
            {name: over_frozen_mean(c**power, measure.variance, measure.frozen) for name, c in own.items()}
            for power in (1, 2)
        )
        block = columns.extract(list(place.values()), list(range(len(place))))
        entry = {name: block[k, k] for k, name in enumerate(place)}
        return cls(
            kernel,
            measure,
            two_point,
            columns,
            place,
            trace,
            diagonal,
            {name: tidy(e) for name, e in entry.items()},
            {name: tidy(e - diagonal[name]) for name, e in entry.items()},
            {name: tidy(trace[name] ** 2 / e) for name, e in entry.items()},
            block.applyfunc(tidy),
        )

    def steps(self, action: Action, reference: str) -> tuple[Step, ...]:
        """From the saddle to the statistics."""
        connected = "connected " if self.measure.frozen != 0 else ""
        fields, places = self.kernel.fields, list(self.place.values())
        block = " and ".join(str(fields[k].symbol) for k in places)
        return (
            Step(
                f"{'Connected two' if connected else 'Two'}-point function G of one site and replica in the basis xr, phi, x"
                + (", at a fixed mean mu; delta = Delta - Delta0" if connected else "")
                + ". Different replicas are independent: the covariances of the fields, Pi, are those of the Kronecker product of "
                "two G" + (", averaged over mu" if connected else ""),
                "<xr^n f> = <f^(n)> and Stein's lemma",
                after=self.two_point,
                assumption="" if connected else "odd phi: <b> = 0",
                check=Solves(self._beyond_product, "every entry of Pi averaged by itself over the replicas"),
            ),
            Step(
                "F restricted to these fields is a quadratic form, half of that of F''",
                "differentiation",
                action.F,
                _quadratic_form(self.kernel),
                check=Replay(lambda F: _restricted(F, action, fields), "F with all other combinations of fields zero"),
            ),
            Step(
                "Gaussian fluctuations about the saddle: N Cov of the fields is (1 - Pi F'')^{-1} Pi. Shown: the block of "
                + block,
                "Gaussian integral over the collective fields",
                after=self.shown,
                assumption="1/N small, and every multiplier (eigenvalue of Pi F'') below 1",
                check=Solves(self._residual, "inserted, with the other rows, into (1 - Pi F'') X = Pi"),
            ),
            *(step for name in self.place for step in self._reading(name, connected, reference)),
        )

    def _reading(self, name: str, connected: str, reference: str) -> tuple[Step, ...]:
        diagonal, trace = self.diagonal[name], self.trace[name]
        field = self.kernel.fields[self.place[name]].symbol
        return (
            Step(
                f"The entry for {field} is (1/N) sum_ij C_ij^2 of the {connected}covariance of {name}. Its diagonal i = j holds "
                f"{diagonal}; the rest is N times the variance over J of an off-diagonal covariance",
                "diagonal subtracted",
                self.entry[name],
                named(f"n_var_cov_{name}", self.n_variance[name]),
                assumption="the mean over J of an off-diagonal covariance is "
                + ("of order 1/N" if connected else "zero for odd phi"),
                reference=reference,
                check=Replay(lambda e: e - diagonal),
            ),
            Step(
                f"Participation dimension of {name}, (tr C)^2 / (N tr C^2), with tr C / N = {trace}",
                "definition",
                self.entry[name],
                named(f"D_{name}", self.dimension[name]),
                reference=reference,
                check=Replay(lambda e: trace**2 / e),
            ),
        )

    def comparison(self, cavity: CavityStatistics) -> tuple[Step, ...]:
        """The same by the cavity, which knows covariances of a pair, and those of single units."""
        pair = {"phi": cavity.phi, "x": cavity.x}
        results = [(f"n_var_cov_{name}", pair[name], self.n_variance[name]) for name in pair]
        results += [
            (f"D_{name}", self.trace[name] ** 2 / (self.diagonal[name] + pair[name]), self.dimension[name])
            for name in pair
        ]
        return comparison_steps(results)

    def _beyond_product(self, two_point: Matrix) -> Matrix:
        """What every entry of Pi, by the definition of the fields and from `two_point`, differs by."""
        m, size, fields = two_point.rows, len(self.kernel.fields), self.kernel.fields

        def difference(r: int, c: int) -> Expr:
            pair = two_point[r // m, c // m] * two_point[r % m, c % m]
            averaged = over_frozen_mean(pair, self.measure.variance, self.measure.frozen)
            return without_variances(averaged) - connected(fields[r], fields[c], self.measure)

        return Matrix(size, size, lambda r, c: difference(r, c) if r <= c else S.Zero)

    def _residual(self, shown: Matrix) -> Matrix:
        places = list(self.place.values())
        found = self.columns.as_mutable()
        for row, k in enumerate(places):
            found[k, :] = shown[row, :]
        return (eye(found.rows) - self.kernel.Pi * self.kernel.coupling) * found - self.kernel.Pi[:, places]


def connected(a: Field, b: Field, measure: SiteMeasure) -> Expr:
    """Covariance of two fields of one site, each product of operators of the replicas averaged by itself."""
    together = sum((p * q * measure.average(s * t) for p, s in a.terms for q, t in b.terms), S.Zero)
    apart = Mul(*(sum((p * measure.average(s) for p, s in field.terms), S.Zero) for field in (a, b)))
    return (together - apart).expand()


def _restricted(F: Expr, action: Action, fields: tuple[Field, ...]) -> Expr:
    """F where every bilinear is its part in the directions of the fields (unit vectors)."""
    amplitude = {b.symbol: S.Zero for b in action.fields}
    for field in fields:
        for weight, b in field.terms:
            if b.symbol in amplitude:
                amplitude[b.symbol] += weight * field.symbol
    return F.subs(amplitude, simultaneous=True).expand()


def _quadratic_form(kernel: Kernel) -> Expr:
    amplitudes = Matrix([field.symbol for field in kernel.fields])
    return (amplitudes.T * kernel.coupling * amplitudes)[0].expand() / 2
