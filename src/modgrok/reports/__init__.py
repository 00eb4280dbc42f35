"""Reports: stored runs and networks as pictures, in HTML, PNG, SVG and PDF. Reads only."""

from .checkpoint_panels import checkpoint_panels
from .commands import maker_of, portable
from .file_report import file_report
from .formats.write import (
    SUFFIXES,
    check_path,
    write,
    write_comparison,
    write_logits_report,
    write_network_report,
    write_report,
    write_runs_report,
    write_sweep_report,
    write_transformer_report,
)
from .report import Report, comparison, logits_report, network_report, run_report, transformer_report
from .runs_report import runs_report
from .sweep_report import sweep_report

__all__ = [
    "SUFFIXES",
    "Report",
    "check_path",
    "checkpoint_panels",
    "comparison",
    "file_report",
    "logits_report",
    "maker_of",
    "network_report",
    "portable",
    "run_report",
    "runs_report",
    "sweep_report",
    "transformer_report",
    "write",
    "write_comparison",
    "write_logits_report",
    "write_network_report",
    "write_report",
    "write_runs_report",
    "write_sweep_report",
    "write_transformer_report",
]
