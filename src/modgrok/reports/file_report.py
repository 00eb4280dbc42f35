"""The report of a file of weights, whatever kind of network it holds."""

from __future__ import annotations

from ..measures import basis_of_task
from ..models import MLP
from ..models.transformer import Transformer
from ..runs import NetworkFile
from ..tasks import Task
from .commands import maker_of
from .report import Report, logits_report, network_report, transformer_report


def file_report(content: NetworkFile, *, report_command: str = "") -> Report:
    """Gather the report of a file of weights: the panels of its kind, or those of logits alone.

    Arguments:
        content: a network that names its task.
        report_command: what makes this report.

    Raises:
        InputError: the file names no task.

    Example:
        >>> import jax.numpy as jnp
        >>> from modgrok.tasks.source import TaskSource
        >>> net = MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))
        >>> file_report(NetworkFile(net, TaskSource(expression="x + y", p=5))).title
        'x + y mod 5'
    """
    task, net = content.task(), content.network
    title, command = _title(content, task), maker_of(content.notes)
    if isinstance(net, Transformer):
        return transformer_report(net, task, title, command=command, report_command=report_command)
    if isinstance(net, MLP):
        basis = basis_of_task(task)
        return network_report(net, basis, title, task=task, command=command, report_command=report_command)
    return logits_report(net, task, title, command=command, report_command=report_command)


def _title(content: NetworkFile, task: Task) -> str:
    name = f"{task.name} mod {task.p}" if task.is_plain else f"{task.name} on 0..{task.p - 1}"
    return f"{name}, a network from elsewhere" if content.notes.get("made") == "elsewhere" else name
