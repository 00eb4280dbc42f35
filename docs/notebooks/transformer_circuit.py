# %% [markdown]
# # What a transformer computes when it adds
#
# We train a one-layer transformer on $x + y$ mod 23 until it groks, and take it apart: which waves its
# embedding contains, which neurons read them, and that its answers rest on a handful of frequencies.
#
# ## Train
#
# The input is the sequence `x op y`. The network has attention and one MLP, without positions or norms,
# and is trained by AdamW with weight decay 1 (Furuta et al.,
# [2402.16726](https://arxiv.org/abs/2402.16726)). A small network is enough here.

# %%
import altair as alt
import numpy as np

from modgrok.reports.charts.palette import TEST, TRAIN, config
from modgrok.runs import Experiment, run

p = 23
experiment = Experiment.of(
    "x + y", p=p, fraction=0.8, learner="transformer", heads=2, d_model=32, d_mlp=128, lr=0.002
)
result = run(experiment, steps=1500, observe_every=25)
print("memorised at", result.row.memorised_at, "and grokked at", result.row.grokked_at)


# %% tags=["hide-input"]
def data(**columns):
    """Columns of equal length as rows for a chart."""
    return alt.Data(
        values=[dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    )


def curve(name, title, colour):
    records = result.records
    rows = data(step=[each.step for each in records], value=[each.scalars[name] for each in records])
    return (
        alt.Chart(rows, width=420, height=90)
        .mark_line(color=colour)
        .encode(alt.X("step:Q", title="step"), alt.Y("value:Q", title=title, scale=alt.Scale(domain=[0, 1])))
    )


train, test = curve("train_accuracy", "accuracy", TRAIN), curve("test_accuracy", "accuracy", TEST)
progress = alt.vconcat(train + test, curve("ffs_embedding", "FFS of W_E", "#3b4252"))
progress.properties(description="Training accuracy rises at once, test accuracy later; FFS falls").configure(
    **config()
)

# %% [markdown]
# Below the accuracies (blue on the training pairs, red on the test pairs) is the Fourier frequency
# sparsity of the embedding,
#
# $$\mathrm{FFS} = \frac{1}{p-1}\sum_k \Big(\big[\,|\mu_k| > \tfrac12\max_i|\mu_i|\,\big] +
#   \big[\,|\nu_k| > \tfrac12\max_i|\nu_i|\,\big]\Big),$$
#
# the share of waves that are more than half as large as the largest. It is 1 at random weights, and small if
# few frequencies are left.
#
# ## The embedding is a few circles
#
# $|\mu_k|$ and $|\nu_k|$ are the sizes of the cosine and the sine of frequency $k$ in $W_E$, along its token
# index.

# %% tags=["hide-input"]
from modgrok.measures import make_token_basis
from modgrok.measures.fourier.token_waves import wave_norms

norms = np.asarray(wave_norms(result.weights.embedding, make_token_basis(p).natural))[1:]
spectrum = data(
    frequency=np.repeat(np.arange(1, p // 2 + 1), 2).tolist(),
    wave=["cosine", "sine"] * (p // 2),
    size=norms.tolist(),
)
alt.Chart(
    spectrum, width=420, height=120, description="Bars of a few frequencies stand out, cosine and sine alike"
).mark_bar().encode(
    alt.X("frequency:O", axis=alt.Axis(labelAngle=0)),
    alt.XOffset("wave:N"),
    alt.Y("size:Q", title="size of the wave"),
    alt.Color("wave:N", title=None, scale=alt.Scale(range=[TRAIN, "#8a7340"])),
).configure(**config())

# %% [markdown]
# ## Which frequencies the answers rest on
#
# A logit is a function of two numbers, and so a sum of two-dimensional waves. Of the logits $z(x,y)$, keep
# only the waves $\cos\frac{2\pi k}{p}(x+y)$ and $\sin\frac{2\pi k}{p}(x+y)$. A frequency is *key* if the
# loss rises by more than $10^{-9}$ when its wave is removed from the logits. So soon after grokking, most
# frequencies are key in this sense. More strictly, a frequency is key if it explains a neuron.

# %%
from modgrok.measures import basis_of_task
from modgrok.measures.circuit.circuit import circuit_numbers, circuit_of
from modgrok.measures.circuit.pair_grid import pair_grid

circuit = circuit_of(result.weights, pair_grid(basis_of_task(result.task), result.task.table))
print("key frequencies by the loss:   ", circuit.key)
print("key frequencies by the neurons:", circuit.neuron_key)

# %% tags=["hide-input"]
alt.Chart(
    data(frequency=list(range(1, p // 2 + 1)), share=circuit.attribution.tolist()),
    width=420,
    height=120,
    description="What each frequency adds to the correct-class logit; a few add nearly all",
).mark_bar(color=TEST).encode(
    alt.X("frequency:O", axis=alt.Axis(labelAngle=0)),
    alt.Y("share:Q", title="added to the correct-class logit"),
).configure(**config())

# %% [markdown]
# The losses of parts of the logits give numbers for this. `restricted_loss` keeps only the key waves, and
# is as good as that of the whole network; `excluded_loss` removes them. The loss of guessing would be
# $\log 23 = 3.1$.

# %%
numbers = circuit_numbers(circuit, circuit.key)
for name in ("full_loss", "restricted_loss", "excluded_loss", "single_frequency_share"):
    print(f"{name:23} {numbers[name]:.3g}")

# %% [markdown]
# ## One neuron
#
# The last number is the share of neurons for which a single frequency explains more than 85% of the variance
# over all pairs. Here is the neuron that is explained best, as a function of $x$ and $y$.

# %% tags=["hide-input"]
shares = circuit.shares
best = int(shares.max(1).argmax())
x, y = np.indices((p, p)).reshape(2, -1)
values = np.asarray(circuit.reading.neurons).reshape(p * p, -1)[:, best]
print("frequency", int(shares[best].argmax()) + 1, "explains", f"{shares[best].max():.0%}")
alt.Chart(
    data(x=x.tolist(), y=y.tolist(), value=values.tolist()),
    width=200,
    height=200,
    description="A neuron over x and y: regular bumps of one frequency",
).mark_rect().encode(
    alt.X("x:O", axis=alt.Axis(labelAngle=0, values=[0, 5, 10, 15, 20])),
    alt.Y("y:O", axis=alt.Axis(values=[0, 5, 10, 15, 20]), sort="descending"),
    alt.Color("value:Q", scale=alt.Scale(scheme="blues"), legend=None),
).configure(**config())

# %% [markdown]
# For a network trained on `x*y`, all of this holds in the order of discrete logarithms:
# [Measures of transformers](../concepts/transformer-measures.md) has the numbers.
