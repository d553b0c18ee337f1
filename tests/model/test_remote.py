"""`[remote.x]` in qms.toml: where a store may lie, and what goes there."""

from __future__ import annotations

import pytest

from qmsdocs.base.errors import QmsError
from qmsdocs.base.toml import parse
from qmsdocs.model.organisation import Organisation, is_place

SETTINGS = """organisation = "x"
[site.hz]
code = "HZ"
title = "x"
"""

PLACES = (
    "/srv/qms/shared.git",
    "../shared.git",
    "./共用",
    "C:/qms/shared.git",
    "D:\\qms\\shared.git",
    "\\\\nas\\qms\\shared.git",
    "file:///srv/qms/shared.git",
    "file:///C:/qms",
    "ssh://qms@nas.example:2222/srv/shared.git",
    "ssh://nas/srv/shared.git",
    "qms@nas:shared.git",
    "nas:/srv/shared.git",
)
NO_PLACES = (
    "",
    "shared.git",
    "ext::sh -c date",
    "fd::17",
    "http://nas/x",
    "https://nas/x",
    "git://nas/x",
    "ssh://qms:secret@nas/x",
    "ssh://-oProxyCommand=date/x",
    "-oProxyCommand=date:x",
    "qms@-nas:x",
    "nas:-x",
    "--upload-pack=date",
    "file://nas/x",
    "file:///x?y",
    "/srv/x\ny",
    "/srv/x:y",
    "ssh://nas:abc/x",
)


@pytest.mark.parametrize("url", PLACES)
def test_a_folder_or_ssh_is_a_place(url: str) -> None:
    assert is_place(url)


@pytest.mark.parametrize("url", NO_PLACES)
def test_what_runs_programs_or_holds_a_password_is_none(url: str) -> None:
    assert not is_place(url)


def organisation(more: str) -> Organisation:
    return parse(f"{SETTINGS}{more}", Organisation, source="qms.toml")


def test_what_goes_where() -> None:
    found = organisation(
        '[remote.all]\nurl = "/a"\n[remote.some]\nurl = "/b"\nclasses = ["complaint"]\nsites = ["hz"]\ncontrol = false\n'
    )
    every, some = found.remote["all"], found.remote["some"]
    assert found.shared == "all"
    for retention, site in (("complaint", "hz"), ("other", "nb"), ("", "nb"), ("", "")):
        assert every.takes(retention=retention, site=site)
    assert some.takes(retention="complaint", site="hz")
    for retention, site in (("complaint", "nb"), ("other", "hz"), ("", "hz"), ("", "")):
        assert not some.takes(retention=retention, site=site)


def test_nothing_decides_where_no_remote_has_control() -> None:
    assert organisation('[remote.a]\nurl = "/a"\ncontrol = false\n').shared is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[remote.a]\nurl = "http://x/y"\n', "qms.toml:6: remote.a.url: must be a folder"),
        ('[remote.A]\nurl = "/a"\n', "remote.A"),
        ('[remote.a]\nurl = "/a"\nsites = ["sz"]\n', "there is no site sz"),
        ('[remote.a]\nurl = "/a"\ncontrols = true\n', 'did you mean "control"'),
    ],
)
def test_mistakes_are_named(more: str, said: str) -> None:
    with pytest.raises(QmsError) as refused:
        organisation(more)
    assert said in str(refused.value)
