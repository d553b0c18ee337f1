"""A company with many records: begun with the starter pack, one complaint issued by the program, the rest like it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from qmsdocs.acts.apply import apply
from qmsdocs.acts.begin import Beginning, begin, starter_folder
from qmsdocs.acts.record import Filled, Intent, issue
from qmsdocs.base.canonical import Json, dumps, loads
from qmsdocs.store import names
from qmsdocs.store.event import Stored
from qmsdocs.system.view import open_system

BEGUN = datetime(2026, 11, 21, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
IN_ONE_COMMIT = 1000
COMPLAINT = {
    "received_at": "2026-11-20 09:20",
    "received_by": "zhang.wei",
    "channel": "phone",
    "customer": "林玥",
    "phone": "13800001234",
    "estate": "绿汀苑3幢",
    "problem": "leak",
    "what_happened": "周末大雨后，次卧外墙窗台下方漏水，墙面湿了约两平方米，木地板起拱。",
}


def filled(root: Path, count: int, values: Mapping[str, Json] = COMPLAINT) -> None:
    """Nothing; a company that holds `count` complaints, all with such values, lies in `root`."""
    begin(Beginning(root, "绿源置业有限公司", "hz", "HZ", "杭州分公司", BEGUN, "bench"), starter=starter_folder())
    system = open_system(root, now=BEGUN, machine="bench")
    form = next(f.form.number for f in system.forms_in_force if set(COMPLAINT) <= f.form.values.keys())
    wanted = Filled(form=form, values=values, submission="0" * 32)
    outcome = apply(system, lambda s: issue(s, wanted, Intent(by="wang.fang")), clock=lambda: BEGUN)
    add(root, outcome.posted[0].stored, 1, count)


def add(root: Path, like: Stored, held: int, count: int) -> None:
    """Nothing; the series of the record `like`, which holds `held` records, goes on up to `count`."""
    stream = _stream(like, held, count)
    importing = subprocess.Popen(["git", "-C", str(root), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert importing.stdin is not None
    importing.stdin.writelines(stream)
    importing.stdin.close()
    if importing.wait():
        raise SystemExit("git fast-import failed")
    subprocess.run(["git", "-C", str(root), "repack", "-adfq", "--depth=10"], check=True)


def _stream(like: Stored, held: int, count: int) -> Iterator[bytes]:
    body = cast(dict[str, Json], loads(like.data))
    said = names.parse_path(like.path)
    assert said is not None
    template = str(like.event.mapping("record")["number"])[:-4] + "{serial:04d}"
    at = f"{int(like.event.recorded_at.timestamp())} +0800".encode()
    for position, number in enumerate(range(held + 1, count + 1)):
        if position % IN_ONE_COMMIT == 0:
            yield b"commit refs/heads/%s\ncommitter qmsdocs <qmsdocs@localhost> %s\ndata 0\n" % (
                like.ledger.encode(), at)  # fmt: skip
            if position == 0:
                yield b"from refs/heads/%s^0\n" % like.ledger.encode()
        given = {**cast(dict[str, Json], body["set"]), "customer": f"业主{number % 977}", "phone": f"138{number:08d}",
                 "estate": f"翠园{number % 31}-{number % 6}-{number % 29}01"}  # fmt: skip
        record: dict[str, Json] = {"number": names.printed(template, number), "series": said.series, "serial": number}
        changed: dict[str, Json] = {"set": cast(Json, given), "record": record, "submission": f"{number:032x}",
                                    "nonce": f"{number * 7919:032x}"}  # fmt: skip
        data = dumps({**body, **changed})
        path = names.event_path(said.series, number, 1, "issue")
        yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
