"""The executor without processes, as a fixture."""

from __future__ import annotations

import pytest
from made_claims import InProcess


@pytest.fixture
def executor() -> InProcess:
    return InProcess()
