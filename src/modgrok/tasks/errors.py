"""The one error that bad input raises, under the name by which tasks and all that builds on them know it."""

from __future__ import annotations

from ..io.errors import AbsentError as AbsentError
from ..io.errors import BusyError as BusyError
from ..io.errors import InputError as InputError
from ..io.errors import NotFiniteError as NotFiniteError
from ..io.errors import in_words as in_words
from ..io.errors import shorten as shorten
