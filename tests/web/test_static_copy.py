"""A static copy: the pages as files that name nothing of the machine."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing

pytestmark = pytest.mark.needs("starlette", "uvicorn")


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_documents_of_a_copy_are_relative_and_have_the_policy() -> None:
    from modgrok.web.static_copy import document

    for root, page in ((".", "/runs"), ("..", "/sweeps"), ("../..", "/runs/0123456789ab")):
        text = html.unescape(document(root, page))
        assert f'data-root="{root}" data-page="{page}"' in text
        assert "default-src 'self'" in text
        assert "unsafe" not in text
        assert re.findall(r'(?:href|src)="/', text) == []
        assert f'href="{root}/claims/"' in text
        assert ("Playground" in text, "Explain" in text) == (False, False)


def test_a_damaged_row_ends_no_page_of_a_copy(
    folder: Path, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read a page at a time; one that breaks a rule is named, and those behind it are there."""
    from modgrok.runs.store.database import Database
    from modgrok.web import static_copy

    copied = tmp_path / "damaged"
    shutil.copytree(folder, copied)
    with Database(copied) as store, store.transaction() as connection:
        connection.execute("UPDATE runs SET p = 'many' WHERE id = ?", (ids[-1],))
    monkeypatch.setattr(static_copy, "PAGE", 1)
    lines: list[str] = []
    copy = static_copy.StaticCopy(copied, tmp_path / "copy", say=lines.append)
    with Database(copied, read_only=True) as store:
        rows = [row.id for row, _ in copy._rows(store)]
    assert sorted(rows) == sorted(ids[:-1])
    assert [ids[-1] in line for line in lines] == [True]


@pytest.mark.long
def test_a_copy_holds_every_page_and_nothing_of_the_machine(
    call: Any, folder: Path, ids: list[str], tmp_path: Path
) -> None:
    from modgrok.runs.store.database import Database
    from modgrok.runs.store.labels import note_run
    from modgrok.web.pages.shell import files

    with Database(folder) as store:
        note_run(store, ids[1], f"kept in {folder.absolute()} <b>")
        with store.transaction() as connection:
            command = f"modgrok train 'x*y' --p 5 --runs {folder.absolute()} --table={Path.home()}/t.npy"
            connection.execute(
                "UPDATE runs SET context = json_set(context, '$.command', ?) WHERE id = ?", (command, ids[1])
            )
        members = tuple(SweepMember(run, {"seed": at}) for at, run in enumerate(ids))
        write_listing(store, Listing("two", (("seed",),), "modgrok sweep two.toml", members))
    copy = tmp_path / "copy"
    done = call("ui", f"--export={copy}", "--where=seed=1", f"--runs={folder}")
    assert (done.code, done.out.startswith("wrote 1 run, ")) == (0, True), done
    run = read(copy / "data" / "runs" / f"{ids[1]}.json")
    assert run["command"] == "modgrok train 'x*y' --p 5 --runs runs --table=t.npy"
    assert run["steps"] == read(copy / "data" / "runs" / ids[1] / "report.json")["steps"]
    assert [row["id"] for row in read(copy / "data" / "runs.json")["runs"]] == [ids[1]]
    for step in run["steps"]:
        assert read(copy / "data" / "runs" / ids[1] / "checkpoints" / f"{step}.json")["step"] == step
        assert read(copy / "data" / "runs" / ids[1] / f"explain-{step}.json")["step"] == step
    assert not (copy / "data" / "runs" / f"{ids[0]}.json").exists()
    for place, up in ((0, "seed"), (1, "none")):
        cells = read(copy / "data" / "sweeps" / "two" / f"cells-0-{place}.json")
        assert (cells["across"], cells["up"], len(cells["cells"])) == ("seed", up, 2)
    for path in copy.rglob("*"):
        if path.is_file() and path.suffix != ".js":
            content = path.read_bytes()
            for private in (folder.absolute(), tmp_path, Path.home()):
                assert str(private).encode() not in content, path
    for page, root in (
        ("index.html", "."),
        ("runs/index.html", ".."),
        (f"runs/{ids[1]}/index.html", "../.."),
    ):
        assert f'data-root="{root}"' in (copy / page).read_text(encoding="utf-8")
    assert {path.name for path in (copy / "static").iterdir()} >= set(files()) - {"page.html"}


def test_a_copy_replaces_an_earlier_one_alone(call: Any, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "documents"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for target, message in (
        (other, "export: must be new, empty or an earlier copy"),
        (tmp_path / "file", "export: must be a folder"),
        (tmp_path / "no" / "such", "export: must be in an existing folder"),
    ):
        failed = call("ui", f"--export={target}", f"--runs={folder}")
        assert (failed.code, message in failed.err) == (2, True)
    shutil.rmtree(other)
    failed = call("ui", f"--export={other}", f"--runs={tmp_path / 'nowhere'}")
    assert (failed.code, other.exists()) == (2, False)
    failed = call("ui", "--where=p=5", f"--runs={folder}")
    assert (failed.code, "where: must be used with --export" in failed.err) == (2, True)
