"""Acts count in the order in which they came: what is put beside, before or under another changes nothing of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from control import NUMBER, PEOPLE, Company
from grounds import acts, doubts, established, forged, key_of, last, written
from tamper import CONTROL, JOURNAL, Hand, copied, noted

from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.store import control, ledger, names
from qmsdocs.store.signature import namespace_of, new_key

MINE = PEOPLE.replace('"document_controller"', '"document_controller", "general_manager", "quality_manager"')
NO_RIGHT = "wang.fang had no right to do so"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return established(tmp_path_factory.mktemp("order") / "acme")


@pytest.fixture
def company(whole: Company, tmp_path: Path) -> Company:
    return copied(whole, tmp_path / "acme")


def settings(company: Company, kind: str, folder: str) -> dict[str, bytes | None]:
    """The files of a people.toml that makes a manager of the clerk."""
    item = control.item(kind, "people.toml", "B/0", {"people.toml": MINE.encode()})
    return {f"{folder}/files/{item.sha256}": item.manifest} | {
        f"{folder}/files/{sha256(data)}": data for data in item.files.values()
    }


def next_folder(company: Company) -> tuple[int, str]:
    serial = 1 + max(int(stored.path.split("/")[3]) for stored in acts(company) if stored.path.startswith("release/"))
    return serial, f"release/00/00/{serial:06d}"


def lift(company: Company) -> list[str]:
    """What speaks against the clerk's lifting of the hold."""
    key = company.keys["wang.fang"]
    path = forged(company, last(company, "hold/"), "lift", "lifted", {"lifted_on": "2026-11-02"}, key, by="wang.fang")
    return doubts(company, path)


def test_settings_behind_a_first_act_of_another_kind_give_no_right(company: Company) -> None:
    like = last(company, "release/", number="people.toml")
    serial, folder = next_folder(company)
    manifest = next(path for path in settings(company, "configuration", folder)).rpartition("/")[2]
    said: dict[str, Json] = {"kind": "configuration", "number": "people.toml", "title": "人员", "revision": "B/0",
                             "manifest": manifest}  # fmt: skip
    body = {**like.body, "record": {"series": "release", "serial": serial, "number": f"REL-{serial:06d}"},
            "act": "issue", "by": "wang.fang", "sequence": 1, "previous": None}  # fmt: skip
    Hand(company.root, CONTROL).commit(settings(company, "configuration", folder), at=company.now.isoformat())
    first = written(company, f"{folder}/0001-issue.json", {**body, "state": "?", "set": {**said, "kind": "form"}}, None)
    data = Hand(company.root, CONTROL).read(first)
    second = {**body, "state": "trial", "sequence": 2, "previous": sha256(data),
              "set": {**said, "effective_on": "2026-11-02", "trial_until": "2030-01-01"}}  # fmt: skip
    written(company, f"{folder}/0002-issue.json", second, None)
    assert "general_manager" in company.system.people.person["wang.fang"].roles  # what is seen before it is judged
    assert any(NO_RIGHT in said for said in lift(company))


def test_another_release_under_the_number_of_the_one_in_force_changes_no_settings(company: Company) -> None:
    (company.root / "people.toml").write_text(PEOPLE + "\n# 新\n", "utf-8")
    company.submit(number="people.toml")
    company.review(number="people.toml")
    company.approve(number="people.toml")
    company.later(days=1)
    good = last(company, "release/", number="people.toml")
    serial, folder = next_folder(company)
    files = settings(company, "form", folder)
    Hand(company.root, CONTROL).commit(files, at=company.now.isoformat())
    said: dict[str, Json] = {"kind": "form", "number": "F-9", "title": "x", "revision": "A/0",
                             "manifest": next(iter(files)).rpartition("/")[2]}  # fmt: skip
    record = {**good.event.mapping("record"), "serial": serial}
    body = {**good.body, "record": record, "act": "issue", "by": "wang.fang", "sequence": 1, "previous": None}
    written(company, f"{folder}/0001-issue.json", {**body, "state": "submitted", "set": said}, None)
    assert "general_manager" not in company.system.people.person["wang.fang"].roles
    assert any(NO_RIGHT in said for said in lift(company))


@pytest.mark.parametrize("start", [f"release/{NUMBER}", "key/li.ming"])
def test_an_act_put_beside_an_honest_one_is_doubted_alone(company: Company, start: str) -> None:
    series, _, name = start.partition("/")
    honest = last(company, "release/", number=name) if series == "release" else key_of(company, name)
    beside = honest.path.replace(f"-{honest.event.act}", "-aaa")
    written(company, beside, {**honest.body, "act": "aaa", "by": "feng.lan", "set": {}}, None)
    assert doubts(company, beside)
    assert doubts(company, *(stored.path for stored in acts(company) if stored.path != beside)) == []


def test_a_key_confirmed_before_it_was_registered_never_counts(company: Company) -> None:
    like, mine = key_of(company, "li.ming"), new_key()
    serial = 1 + max(int(stored.path.split("/")[3]) for stored in acts(company) if stored.path.startswith("key/"))
    folder = f"key/00/00/{serial:06d}"
    body = {**like.body, "record": {"series": "key", "serial": serial, "number": f"KEY-{serial:06d}"}}
    said: dict[str, Json] = {"person": "li.ming", "public": mine.public.line, "fingerprint": mine.public.fingerprint,
                             "from_on": "2026-11-01"}  # fmt: skip
    confirmed = {**body, "act": "confirm", "state": "counts", "set": {}, "sequence": 2, "previous": "0" * 64}
    written(company, f"{folder}/0002-confirm.json", {**confirmed, "by": "zhao.lei"}, company.keys["zhao.lei"])
    issued = {**body, "act": "issue", "state": "offered", "set": said, "sequence": 1, "previous": None}
    written(company, f"{folder}/0001-issue.json", {**issued, "by": "li.ming", "meaning": "prepared"}, mine)
    hold = last(company, "hold/")
    path = forged(company, hold, "lift", "lifted", {"lifted_on": "2026-11-02"}, mine, by="li.ming")
    assert doubts(company, path) == ["the key of li.ming did not count yet"]


def test_a_certificate_dated_back_is_judged_when_its_journal_had_gone_on(company: Company) -> None:
    company.delegate("zhao.lei", "wang.fang", days=0)
    dated = (company.now + timedelta(minutes=5)).isoformat(timespec="seconds")
    for days in (1, 5, 20):
        noted(company.later(days=days))
    hand, key = Hand(company.root, JOURNAL), company.keys["wang.fang"]
    like = hand.event(max(path for path in hand.files() if path.startswith("heads/")))
    body = {**like, "record": {"series": "disposal", "serial": 1, "number": "DSP-HZ-000001"}, "sequence": 1,
            "previous": None, "act": "issue", "state": "authorised", "by": "wang.fang", "entered_by": "wang.fang",
            "set": {"ledger": "records/complaint/2020/hz", "records": []}, "recorded_at": dated, "journal": hand.head,
            "control": Hand(company.root, CONTROL).head, "clock": "behind",
            "signer": {"person": "wang.fang", "key": key.public.fingerprint, "meaning": "approved"}}  # fmt: skip
    data, path = dumps(body), "disposal/00/00/000001/0001-issue.json"
    signature = key.sign(data, namespace=namespace_of("approved"))
    hand.commit({path: data, f"{path}.sig": signature}, at=company.now.isoformat(timespec="seconds"))
    [stored] = ledger.record_events(company.system.objects, JOURNAL, hand.head, "disposal", 1)
    assert any(NO_RIGHT in str(said) for said in company.system.trust.problems(stored))


@pytest.mark.slow
def test_a_long_chain_of_keys_that_vouch_for_each_other_is_judged(company: Company) -> None:
    """Each confirmed with the one before; the first was confirmed by nobody."""
    like, before = key_of(company, "li.ming"), new_key()
    first = 1 + max(int(stored.path.split("/")[3]) for stored in acts(company) if stored.path.startswith("key/"))
    for serial in range(first, first + 320):
        mine, folder = new_key(), names.record_folder("key", serial)
        body = {**like.body, "record": {"series": "key", "serial": serial, "number": f"KEY-{serial:06d}"},
                "by": "li.ming"}  # fmt: skip
        said: dict[str, Json] = {"person": "li.ming", "public": mine.public.line, "from_on": "2026-11-01",
                                 "fingerprint": mine.public.fingerprint}  # fmt: skip
        issued = {**body, "act": "issue", "state": "offered", "set": said, "sequence": 1, "previous": None}
        path = written(company, f"{folder}/0001-issue.json", {**issued, "meaning": "prepared"}, mine)
        chained = sha256(Hand(company.root, CONTROL).read(path))
        confirmed = {**body, "act": "confirm", "state": "counts", "set": {}, "sequence": 2, "previous": chained}
        written(company, f"{folder}/0002-confirm.json", confirmed, before)
        before = mine
    assert doubts(company, path.replace("0001-issue", "0002-confirm"))
