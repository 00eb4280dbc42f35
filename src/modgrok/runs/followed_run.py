"""One run while it is trained: when it is observed next, what it does there, and when it ends.

Owns: the rules that hold for a run alone and in a stack alike. Who makes the steps, and how, is `loop`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..learners.base.observation import Observed
from .experiment import Experiment
from .options import Progress, RunHooks
from .preparation import PreparedRun
from .recorder import Recorder
from .schedule import next_observation


@dataclass(frozen=True, eq=False)
class FollowedRun:
    """A run in training.

    Arguments:
        experiment: as it was asked for.
        prepared: the same, made concrete.
        recorder: what is known of it so far.
        hooks: what is called on the way.
    """

    experiment: Experiment
    prepared: PreparedRun
    recorder: Recorder
    hooks: RunHooks

    @property
    def status(self) -> str | None:
        """How a run ended that has nothing left to do; None where there is."""
        recorder = self.recorder
        diverged = recorder.row.status == "diverged"
        if recorder.observed and (diverged or recorder.row.step >= recorder.end):
            return "diverged" if diverged else "finished"
        return None

    @property
    def target(self) -> int:
        """The step of the next observation."""
        recorder = self.recorder
        row = recorder.row
        return min(next_observation(row.step, row.observe_every, recorder.spacing), recorder.end)

    def observe_start(self, state: Any, observed: Observed | None = None) -> str | None:
        """Observe the state from which training goes on, unless it was observed; return the status.

        Arguments:
            state: the present one.
            observed: as for `Recorder.observe`.
        """
        if not self.recorder.observed:
            self._observe(state, float("nan"), observed)
        return "finished" if self.recorder.row.step >= self.recorder.end else None

    def reach(self, state: Any, finite: bool, seconds: float, observed: Observed | None = None) -> str | None:
        """Take note of a state that training reached.

        Arguments:
            state: the last finite one.
            finite: whether all updates since the last observation were.
            seconds: that they took.
            observed: as for `Recorder.observe`.

        Returns:
            How the run ended; None if it goes on.
        """
        recorder = self.recorder
        before, step = recorder.row.step, int(state.step)
        recorder.advance(step, seconds)
        if finite or step > before:
            timed = step > before and seconds > 0
            self._observe(state, (step - before) / seconds if timed else float("nan"), observed)
        if not finite:
            return "diverged"
        ends = recorder.row.step >= recorder.end
        if self.hooks.stop_requested() and not ends:
            return "interrupted"
        return "finished" if ends else None

    def _observe(self, state: Any, speed: float, observed: Observed | None) -> None:
        recorder = self.recorder
        record = recorder.observe(state, observed)
        self.hooks.on_observation(Progress(recorder.row, record, speed, recorder.end))
