# %% [markdown]
# # A kernel machine groks
#
# Grokking requires neither a network nor gradient descent. A Recursive Feature Machine (Mallinar et al.,
# [2407.20199](https://arxiv.org/abs/2407.20199)) solves a kernel regression exactly, finds the directions
# in which the solution changes, and solves again with a feature matrix that stretches those directions. Its
# training accuracy is 100% from the first iteration on. Its test accuracy stays at 0 for many iterations
# and then rises suddenly.
#
# ## The iteration, in ten lines
#
# An input is two one-hot vectors in a row, $x\in\mathbb R^{2p}$. Under a symmetric matrix $M$ (the identity
# at first) take the quadratic kernel $k_M(x,z) = (x^\top M z)^2$, and
#
# $$\alpha = K_M^{-1}Y,\qquad f_l(x) = \sum_j\alpha_{jl}\,k_M(x,x_j) = x^\top S_l\,x,$$
#
# $$M \leftarrow \sqrt{G},\qquad G = \frac1n\sum_{j,l} \nabla f_l(x_j)\,\nabla f_l(x_j)^\top .$$
#
# $G$ is the average gradient outer product (AGOP); as in the paper's code, the mean gradient of each class is
# subtracted first.

# %%
import altair as alt
import numpy as np

from modgrok.reports.charts.palette import TEST, TRAIN, config
from modgrok.tasks import task_from_expression

p = 23
table = task_from_expression("x + y", p).table
pairs = np.argwhere(table >= 0)  # all 529
X = np.concatenate([np.eye(p)[pairs[:, 0]], np.eye(p)[pairs[:, 1]]], axis=1)
labels = table[pairs[:, 0], pairs[:, 1]]
order = np.random.default_rng(0).permutation(len(pairs))
train, test = order[:370], order[370:]


def solve_and_learn(M):
    """One iteration: test accuracy of the regression under M, and the next M."""
    Z = X[train]
    alpha = np.linalg.solve((Z @ M @ Z.T) ** 2, np.eye(p)[labels[train]])
    S = np.stack([(Z @ M).T @ (a[:, None] * (Z @ M)) for a in alpha.T])  # f_l(x) = x^T S_l x
    f = np.einsum("nd,lde,ne->nl", X[test], S, X[test], optimize=True)
    gradients = 2 * np.einsum("lde,ne->nld", S, Z)
    gradients -= gradients.mean(0)
    G = np.einsum("nld,nle->de", gradients, gradients, optimize=True) / len(train)
    values, vectors = np.linalg.eigh(G)
    return (f.argmax(1) == labels[test]).mean(), (vectors * np.sqrt(values.clip(0))) @ vectors.T


M, accuracies, matrices = np.eye(2 * p), [], []
for _ in range(16):
    matrices.append(M)
    accuracy, M = solve_and_learn(M)
    accuracies.append(float(accuracy))
print([round(each, 2) for each in accuracies])

# %% [markdown]
# ## What it learned
#
# Judging by accuracy, nothing happens for several iterations. Look at $M$ instead. Its upper right block
# relates the coordinates of $x$ to those of $y$. Diagonal stripes appear long before any test input is
# answered correctly: the entry $(i, j)$ comes to depend on $i - j$ alone. Such a block is circulant.


# %% tags=["hide-input"]
def data(**columns):
    """Columns of equal length as rows for a chart."""
    return alt.Data(
        values=[dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    )


def block(matrix, title):
    """Draw the block of M between x and y."""
    i, j = np.indices((p, p)).reshape(2, -1).tolist()
    values = matrix[:p, p:].ravel()
    return (
        alt.Chart(
            data(i=i, j=j, value=(values / abs(values).max()).tolist()), title=title, width=150, height=150
        )
        .mark_rect()
        .encode(
            alt.X("j:O", axis=None),
            alt.Y("i:O", axis=None),
            alt.Color("value:Q", scale=alt.Scale(scheme="blueorange", domain=[-1, 1]), legend=None),
        )
    )


blocks = alt.hconcat(*(block(matrices[t], f"iteration {t}") for t in (1, 4, 12)))
blocks.properties(
    description="The off-diagonal block of M: noise with faint stripes, then clear diagonal stripes"
).configure(**config())

# %% [markdown]
# ## Hidden progress
#
# The circulant deviation measures this structure: it is the variance along the stripes, as a share of the
# block's energy, $1-1/p$ for a random block and 0 for a circulant one. The library makes the same
# iteration faster and for any expression, and records the deviation at every step, in the order of the
# task's own labels ([Kernel machines](../rfm.md)).

# %%
from modgrok.runs import Experiment, run

sums, products = (
    run(Experiment.of(text, p=p, fraction=0.7, learner="rfm"), steps=16) for text in ("x + y", "x*y")
)


# %% tags=["hide-input"]
def curve(run_result, name, title, colour):
    """Draw a number of the records against iterations."""
    records = run_result.records[1:]
    rows = data(step=[each.step for each in records], value=[each.scalars[name] for each in records])
    return (
        alt.Chart(rows, width=250, height=100)
        .mark_line(point={"color": colour}, color=colour)
        .encode(alt.X("step:Q", title="iteration"), alt.Y("value:Q", title=title, scale=alt.Scale(zero=True)))
    )


def curves(run_result):
    """Draw test accuracy above circulant deviation."""
    accuracy = curve(run_result, "test_accuracy", "test accuracy", TEST)
    deviation = curve(run_result, "circulant_deviation", "circulant deviation", TRAIN)
    return alt.vconcat(accuracy.properties(title=f"{run_result.task.name} mod {p}"), deviation)


both = alt.hconcat(curves(sums), curves(products))
both.properties(description="Test accuracy jumps late, circulant deviation falls from the start").configure(
    **config()
)

# %% [markdown]
# ## The same for products
#
# The second machine learned to multiply. In the order of the numbers its block shows no structure. Put
# rows and columns in the order of discrete logarithms, and the stripes are back.

# %%
from modgrok.algebra import exponential_table

learned = np.asarray(products.weights.feature_matrix)
powers = exponential_table(p)  # 1, g, g^2, ...
reordered = learned.copy()
reordered[1:p, p + 1 :] = learned[np.ix_(powers, p + powers)]

# %% tags=["hide-input"]
orders = alt.hconcat(
    block(learned, "in the order of numbers"), block(reordered, "in the order of logarithms")
)
orders.properties(
    description="The block of x*y: no pattern in the order of numbers, stripes by logarithms"
).configure(**config())

# %% [markdown]
# The first row and column belong to 0, which has no logarithm.
#
# ## Is the structure all that matters?
#
# Give the machine a *random* circulant $M$ that it never learned, and solve once: it generalises at once.
# So the structure matters, not the particular frequencies.

# %%
for initial in ("identity", "random-circulant"):
    once = run(Experiment.of("x + y", p=p, fraction=0.7, learner="rfm", initial=initial), steps=1)
    print(f"{initial:17}", round(once.records[0].scalars["test_accuracy"], 3))
