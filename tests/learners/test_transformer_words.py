"""What a transformer's run says at its end."""

import pytest

from modgrok import Experiment, run
from modgrok.learners.transformer.words import WORDING

WAVES = {"ffs_embedding": 0.5, "fcr_embedding": 0.25, "ffs_readout": 0.75, "fcr_readout": 0.125}


def test_waves_are_named_where_the_task_has_them() -> None:
    last = {"collapsed": 0.0, "weight_norm": 12.34}
    assert WORDING.findings is not None
    assert WORDING.findings(last, {}, []) == "weight norm 12.3"
    with_waves = WORDING.findings({**last, **WAVES}, {}, [])
    assert with_waves == "FFS 0.500, FCR 0.250 on W_E; FFS 0.750, FCR 0.125 on W_L; weight norm 12.3"


@pytest.mark.long
def test_a_run_on_a_group_ends_with_its_findings() -> None:
    sizes = {"d_model": 8, "d_mlp": 8, "heads": 2}
    result = run(Experiment.of(group="S3", learner="transformer", fraction=0.7, **sizes), steps=2)
    assert WORDING.findings is not None
    assert "weight norm" in WORDING.findings(result.records[-1].scalars, {}, [])
