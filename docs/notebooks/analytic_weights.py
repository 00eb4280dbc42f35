# %% [markdown]
# # A network that adds, written down
#
# Nothing is trained on this page. We write down the weights of a two-layer network as waves, and see why the
# network adds mod 23, how many neurons that takes, and that six are enough if their phases are chosen well.
#
# *A notebook: a Python script in the percent format, which Jupyter opens through Jupytext. The outputs below
# are made when the site is built.*
#
# ## The weights
#
# The network has no biases, and squares its hidden layer:
#
# $$f(x, y)_q = \sum_j W_{qj}\,(U_{1,x,j} + U_{2,y,j})^2 .$$
#
# Gromov ([2301.02679](https://arxiv.org/abs/2301.02679), Eq. 6, 7 and 12) gives neuron $j$ a frequency $k$
# and two random phases $\varphi_1, \varphi_2$, and gives its readout the sum of these as phase:
#
# $$U_{1,x} = A\cos\big(\tfrac{2\pi kx}{p} + \varphi_1\big),\quad
#   U_{2,y} = A\cos\big(\tfrac{2\pi ky}{p} + \varphi_2\big),\quad
#   W_q = A\cos\big(\tfrac{2\pi kq}{p} + \varphi_1 + \varphi_2\big).$$
#
# $A = (2/N)^{1/3}$ makes the correct-class logit 1 on average.

# %%
import altair as alt
import jax.numpy as jnp
import numpy as np

from modgrok.analytic import verify
from modgrok.models import MLP
from modgrok.reports.charts.palette import TEST, TRAIN, config
from modgrok.tasks import task_from_expression

p, N = 23, 200
rng = np.random.default_rng(0)
n = np.arange(p)
k = 1 + np.arange(N) % (p // 2)  # each frequency many times
phi1, phi2 = rng.uniform(-np.pi, np.pi, (2, N))
A = (2 / N) ** (1 / 3)


def wave(phase):
    return A * np.cos(2 * np.pi * np.outer(n, k) / p + phase)  # (p, N)


embedding = np.stack([wave(phi1), wave(phi2)])
readout = wave(phi1 + phi2)
network = MLP(jnp.asarray(embedding, jnp.float32), jnp.asarray(readout, jnp.float32))

table = task_from_expression("x + y", p).table
verify(network, table, p)  # all 529 inputs

# %% [markdown]
# It adds. These are the three weight vectors of one neuron: waves of one frequency.


# %% tags=["hide-input"]
def data(**columns):
    """Columns of equal length as rows for a chart."""
    return alt.Data(
        values=[dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    )


neuron = 4
vectors = {"U for x": embedding[0], "U for y": embedding[1], "W": readout}
picture = data(
    value=[*n.tolist()] * 3,
    weight=np.concatenate([each[:, neuron] for each in vectors.values()]).tolist(),
    vector=np.repeat([*vectors], p).tolist(),
)
alt.Chart(
    picture, width=190, height=110, description="Three cosines of frequency 5 over the values 0 to 22"
).mark_line(point=True, color=TRAIN).encode(
    alt.X("value:Q", title="value"),
    alt.Y("weight:Q", title=None),
    alt.Column("vector:N", title=None),
).configure(**config())

# %% [markdown]
# ## Why it adds
#
# Expand the square times the readout into waves. With $\theta = 2\pi k/p$,
#
# $$\big(\cos(\theta x+\varphi_1)+\cos(\theta y+\varphi_2)\big)^2\cos(\theta q+\varphi_1+\varphi_2)
#   = \tfrac12\cos\theta(x+y-q) + \dots$$
#
# The dots stand for eight more waves, each with a phase left over.
#
# Over many neurons with random phases, the eight average out like $1/\sqrt N$, and the first adds up, to a
# peak at $q = x+y$. Look at the logits of $20 + 9$:

# %% tags=["hide-input"]
logits = np.asarray(network(jnp.array([[20, 9]])))[0]
alt.Chart(
    data(q=n.tolist(), logit=logits.tolist(), answer=(n == (20 + 9) % p).tolist()),
    width=420,
    height=130,
    description="23 bars, noise around zero but for one of height 1 at class 6",
).mark_bar().encode(
    alt.X("q:O", title="class q", axis=alt.Axis(labelAngle=0)),
    alt.Y("logit:Q", title="logit"),
    alt.Color("answer:N", scale=alt.Scale(domain=[False, True], range=["#c9ced6", TEST]), legend=None),
).configure(**config())

# %% [markdown]
# ## How many neurons?
#
# `construct` builds the same network from a witness $(g_1, g_2, h)$ of any task of the form
# $h(g_1(x)+g_2(y))$, and checks it on every input. With random phases accuracy grows with the width $N$, and
# the squared error falls as $4/N$.

# %%
from modgrok.analytic import construct, weighted_sum

addition = weighted_sum(p, (1, 1))
networks = [
    construct(table, p, addition, width=width, rng=seed).report
    for width in (10, 20, 40, 80, 160)
    for seed in range(3)
]
widths = [width for width in (10, 20, 40, 80, 160) for _ in range(3)]

# %% tags=["hide-input"]
alt.Chart(
    data(width=widths, accuracy=[each.accuracy for each in networks]),
    width=420,
    height=150,
    description="Accuracy against width: from about a half at 10 neurons to 1 at 80 and more",
).mark_circle(size=60, color=TRAIN).encode(
    alt.X(
        "width:Q", scale=alt.Scale(type="log"), title="neurons", axis=alt.Axis(values=[10, 20, 40, 80, 160])
    ),
    alt.Y("accuracy:Q", title="accuracy on all inputs", scale=alt.Scale(domain=[0, 1])),
).configure(**config())

# %%
# the squared error times the width, of the last six
[round(width * report.mse, 2) for width, report in zip(widths, networks, strict=True)][-6:]

# %% [markdown]
# ## Six are enough
#
# Random phases only make the eight waves small. Six pairs of phases that form a group make them vanish:
# $(\varphi_1, \varphi_2) = 2\pi(j, 4j)/6$ for $j = 0..5$, with a single frequency and for every $p$
# ([the derivation](../exact-networks.md)). This is the network that `construct` builds by default.

# %%
exact = construct(table, p, addition)
exact.width, exact.frequencies, exact.report.errors

# %%
phases = [2 * np.pi * np.array([j, 4 * j]) / 6 for j in range(6)]
x, y, q = np.meshgrid(n, n, n, indexing="ij")
angle = [2 * np.pi * value / p for value in (x, y, q)]
total = sum((np.cos(angle[0] + a) + np.cos(angle[1] + b)) ** 2 * np.cos(angle[2] + a + b) for a, b in phases)
bool(np.allclose(total, 3 * np.cos(angle[0] + angle[1] - angle[2])))  # one wave is left, six times a half

# %% [markdown]
# ## Products are sums of logarithms
#
# $xy = \gamma^{\log x + \log y}$, so the same waves multiply if they run over discrete logarithms; one more
# neuron takes care of zeros. The inverse participation ratio (`ipr`) is 1 for a pure wave and $4/(p+1) =
# 0.17$ for noise. In the order of the numbers the network that multiplies without an error looks like
# noise; in the order of logarithms it is pure.

# %%
from modgrok.algebra import natural_basis
from modgrok.analytic import monomial
from modgrok.measures import basis_of, ipr, make_fourier_frames

products = task_from_expression("x*y", p).table
multiplier = construct(products, p, monomial(p, (1, 1)), width=200)
print("errors:", multiplier.report.errors)
print(
    "IPR in the order of numbers:   ",
    round(float(ipr(multiplier.network, make_fourier_frames(natural_basis(p, 2)))), 2),
)
print(
    "IPR in the order of logarithms:",
    round(float(ipr(multiplier.network, make_fourier_frames(basis_of(products, p)))), 2),
)

# %% [markdown]
# Does training find these weights? Nearly: [Fourier measures](../concepts/fourier-measures.md) compares
# `phase_coherence` and `ipr` of trained networks with the closed form.
