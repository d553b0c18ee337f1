"""What an act is judged by: the releases before it as far as they can be believed, and never a clock somebody wrote."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from control import NUMBER, PEOPLE, Company
from grounds import HOLD, acts, begun, doubts, established, forged, key_of, last, offered
from tamper import copied

from qmsdocs.acts import believing, items, officers, release, retention
from qmsdocs.acts.control import Act
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.model.key import allowed_signers
from qmsdocs.store.event import Stored

LONG_AGO = "2020-01-01T09:00:00+08:00"

UNSIGNED = "it is not signed, and it had to be"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Manager, reviewer and clerk have keys; a document was approved a day ago, a hold placed an hour ago."""
    company = established(tmp_path_factory.mktemp("grounds") / "acme")
    assert doubts(company) == []
    return company


@pytest.fixture
def company(whole: Company, tmp_path: Path) -> Company:
    return copied(whole, tmp_path / "acme")


# ── the moment an act is judged at


@pytest.mark.parametrize("by", ["nobody.at.all", "li.ming"])
@pytest.mark.parametrize("filler", [False, True])
def test_no_clock_set_back_confirms_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str, filler: bool
) -> None:
    """Not to a day before anybody served who could have had a key; nor does an act before it that is dated back."""
    served = PEOPLE.replace('[person."zhao.lei"]\n', '[person."zhao.lei"]\nfrom = 2026-11-01\n')
    monkeypatch.setattr("control.PEOPLE", served)
    company = Company.begun(tmp_path / "acme")
    company.key("zhao.lei")
    _, first = offered(company.later(days=1), "zhao.lei", LONG_AGO if filler else None)
    path = forged(company, first, "confirm", "counts", {}, at=LONG_AGO, by=by)
    assert "the key was confirmed without a signature" in doubts(company, path)


def test_who_has_left_confirms_no_key_and_leaves_nothing_unsigned(tmp_path: Path) -> None:
    """The manager left, with him whoever had a key; his successor has none yet."""
    company = Company.begun(tmp_path / "acme")
    successor = '[person."sun.yi"]\nname = "孙怡"\nroles = ["general_manager"]\nfrom = 2026-12-01\n'
    left = PEOPLE.replace('[person."zhao.lei"]\n', '[person."zhao.lei"]\nuntil = 2026-11-30\n') + successor
    (company.root / "people.toml").write_text(left, "utf-8")
    company.submit(number="people.toml")
    company.review(number="people.toml")
    company.approve(number="people.toml")
    company.key("zhao.lei")
    company.later(days=40)
    mine, first = offered(company, "zhao.lei")
    old = company.keys["zhao.lei"]
    path = forged(company, first, "confirm", "counts", {}, key=old, at="2026-11-20T09:00:00+08:00", by="zhao.lei")
    assert any("zhao.lei had no right to do so on 2026-12-11" in why for why in doubts(company, path))
    _, first = offered(company, "zhao.lei")
    path = forged(company, first, "confirm", "counts", {}, by="nobody.at.all")
    assert "the key was confirmed without a signature" in doubts(company, path)
    company.edit(6)
    company.submit()
    company.review()
    with pytest.raises(QmsError, match=r"approvals are signed here, and sun\.yi has no key"):
        company.approve(by="sun.yi")


def test_a_deputy_is_not_named_by_a_clock_set_back(company: Company) -> None:
    said: dict[str, Json] = {"principal": "zhao.lei", "deputy": "wang.fang", "from_on": "2026-01-01",
                             "until_on": "2099-12-31"}  # fmt: skip
    path = begun(company, "delegation", said, key=None, like=key_of(company, "zhao.lei"), at=LONG_AGO, by="zhao.lei",
                 state="granted")  # fmt: skip
    assert doubts(company, path) == [UNSIGNED]
    mine, first = offered(company, "li.ming")
    signed = forged(company, first, "confirm", "counts", {}, key=company.keys["wang.fang"], by="wang.fang")
    assert doubts(company, signed) == ["wang.fang had no right to do so on 2026-11-02"]


def test_a_key_that_does_not_count_yet_names_no_deputy_who_confirms_it(company: Company) -> None:
    """Key and delegation vouch for each other; whichever is asked first, neither is believed."""
    mine, first = offered(company, "zhao.lei")
    said: dict[str, Json] = {"principal": "zhao.lei", "deputy": "wang.fang", "from_on": "2026-11-01",
                             "until_on": "2099-12-31"}  # fmt: skip
    granted = begun(company, "delegation", said, key=mine, like=first, by="zhao.lei", state="granted")
    confirmed = forged(company, first, "confirm", "counts", {}, key=company.keys["wang.fang"], by="wang.fang")
    for order in ((granted, confirmed), (confirmed, granted)):
        system = company.system
        by_path = {stored.path: stored for stored in acts(company)}
        assert [path for path in order if system.trust.problems(by_path[path])] == [*order]


def test_an_honest_act_with_a_slow_clock_is_believed_and_gives_nobody_his_office_back(company: Company) -> None:
    company.delegate("li.ming", "wang.fang", days=0)
    company.later(days=3).do(lambda s: retention.review_hold(s, "HLD-000001", Act("li.ming", "未结")))
    company.later(days=-3)
    with pytest.raises(QmsError, match=r"wang\.fang is none of these"):
        company.do(lambda s: retention.lift(s, "HLD-000001", Act("wang.fang", "结案", clock_is_right=True)))
    act = Act("li.ming", "时钟没错", clock_is_right=True)
    company.do(lambda s: retention.review_hold(s, "HLD-000001", act))
    assert last(company, "hold/").body["clock"] == "behind"
    company.do(lambda s: retention.lift(s, "HLD-000001", Act("zhao.lei", "结案", clock_is_right=True)))
    assert doubts(company) == []


# ── who had a key signs


@pytest.mark.parametrize("at", [None, LONG_AGO])
@pytest.mark.parametrize(("act", "state"), [("lift", "lifted"), ("review", "placed")])
def test_no_loss_and_no_clock_switches_signing_off(company: Company, act: str, state: str, at: str | None) -> None:
    forged(company, key_of(company, "li.ming"), "lose", "lost", {}, by="feng.lan", reason="找不到了")
    said: dict[str, Json] = {"lifted_on" if act == "lift" else "reviewed_on": "2026-11-02"}
    path = forged(company, last(company, "hold/"), act, state, said, by="li.ming", at=at)
    assert doubts(company) == [UNSIGNED]
    assert doubts(company, path) == [UNSIGNED]


def test_a_hold_is_signed_from_the_first_key_of_an_approver_on(tmp_path: Path) -> None:
    company = Company.begun(tmp_path / "acme")
    company.do(lambda s: retention.hold(s, HOLD, Act("li.ming", "诉讼")))
    company.key("zhao.lei")
    with pytest.raises(QmsError, match=r"approvals are signed here, and li\.ming has no key"):
        company.do(lambda s: retention.lift(s, "HLD-000001", Act("li.ming", "结案")))
    path = forged(company, last(company, "hold/"), "lift", "lifted", {"lifted_on": "2026-11-02"}, by="li.ming")
    assert doubts(company) == doubts(company, path) == [UNSIGNED]
    assert [hold.record for hold in standing(company)] == ["HLD-000001"]


def standing(company: Company) -> list[object]:
    from qmsdocs.query.retention import holds

    return list(holds(company.system))


def test_reviewing_without_the_key_one_had_is_refused_and_not_believed(company: Company) -> None:
    company.edit(6)
    company.submit()
    company.do(lambda s: officers.lose(s, "li.ming", Act("li.ming", "丢失"), lost_at=s.now))
    for plan in (release.review, release.reject):
        with pytest.raises(QmsError, match=r"approvals are signed here, and li\.ming has no key"):
            company.do(lambda s, plan=plan: plan(s, NUMBER, Act("li.ming", "看过")))
    path = forged(company, last(company, "release/"), "review", "reviewed", {}, by="li.ming")
    assert doubts(company) == doubts(company, path) == [UNSIGNED]


# ── losses


@pytest.mark.parametrize("at", [None, LONG_AGO])
@pytest.mark.parametrize("lost_at", ["2020-01-01T00:00:00+08:00", None])
def test_an_unsigned_loss_undoes_nothing_and_switches_the_key_off(
    company: Company, lost_at: str | None, at: str | None
) -> None:
    said: dict[str, Json] = {"lost_at": lost_at} if lost_at else {}
    path = forged(company, key_of(company, "zhao.lei"), "lose", "lost", said, at=at, by="feng.lan", reason="丢失")
    before = [stored.path for stored in acts(company) if stored.path != path]
    assert doubts(company, *before) == []
    assert bool(doubts(company, path)) == (lost_at is not None)
    thief = forged(company, last(company, "hold/"), "lift", "lifted", {"lifted_on": "2026-11-02"},
                   key=company.keys["zhao.lei"], by="zhao.lei", at=at)  # fmt: skip
    assert doubts(company, thief) == ["the key of zhao.lei had been reported lost before"]
    company.later(hours=1).key("zhao.lei")
    company.do(lambda s: officers.confirm(s, "zhao.lei", Act("li.ming", "见过本人")))
    company.do(lambda s: retention.hold(s, HOLD, Act("zhao.lei", "再次")))
    assert doubts(company, last(company, "hold/").path, key_of(company, "zhao.lei").path) == []


def lost_earlier(company: Company, by: str, **span: int) -> str:
    """The path of a report that the manager's key was lost before the document was approved."""
    since = company.now - timedelta(**span)
    fingerprint = company.keys["zhao.lei"].public.fingerprint
    act = Act(by, "被盗")
    company.do(lambda s: officers.lose(s, "zhao.lei", act, lost_at=since, fingerprint=fingerprint))
    return last(company, "key/", fingerprint=fingerprint).path


def test_the_reviewer_says_signed_that_a_key_was_lost_earlier(company: Company) -> None:
    report = lost_earlier(company, "li.ming", days=1, hours=1, minutes=1)
    said = doubts(company)
    assert len(said) == 2 and all(why.startswith("the key of zhao.lei was lost by then") for why in said)
    assert doubts(company, report) == []


def test_who_has_a_new_key_says_so_of_the_old_one(company: Company) -> None:
    old = company.keys["zhao.lei"].public.fingerprint
    with pytest.raises(QmsError, match="with a new key, or by who confirms keys"):
        lost_earlier(company, "zhao.lei", days=1, hours=1, minutes=1)
    company.do(lambda s: officers.lose(s, "zhao.lei", Act("zhao.lei", "丢失"), lost_at=s.now))
    assert doubts(company) == []
    company.key("zhao.lei")
    company.do(lambda s: officers.confirm(s, "zhao.lei", Act("li.ming", "见过本人")))
    since = company.now - timedelta(days=1, hours=1, minutes=1)
    company.do(lambda s: officers.lose(s, "zhao.lei", Act("zhao.lei", "被盗"), lost_at=since, fingerprint=old))
    assert {why.partition(",")[0] for why in doubts(company)} == {"the key of zhao.lei was lost by then"}
    line = next(line for line in signers(company) if company.keys["li.ming"].public.line not in line)
    assert f'valid-before="{(since - timedelta(hours=8)):%Y%m%d%H%M%S}Z"' in line


def signers(company: Company) -> list[str]:
    return allowed_signers(company.system.definitions.keys, company.system.zone).splitlines()


@pytest.mark.parametrize("by", ["wang.fang", "zhao.lei"])
def test_a_signature_without_the_right_undoes_nothing(company: Company, by: str) -> None:
    """By somebody without the right, and by the person with the key that is said to be lost."""
    with pytest.raises(QmsError, match="by who confirms keys, signed"):
        lost_earlier(company, by, days=1)
    before = [stored.path for stored in acts(company)]
    said: dict[str, Json] = {"lost_at": "2026-11-01T09:30:00+08:00"}
    for at in (None, "2026-11-01T09:30:00+08:00"):
        forged(company, key_of(company, "zhao.lei"), "lose", "lost", said, key=company.keys[by], by=by, at=at)
        assert doubts(company, *before) == []


def test_a_report_that_undoes_its_own_ground_still_counts(company: Company) -> None:
    """Who reports had his key confirmed with the one that was lost by then; in whatever order it is asked."""
    report = lost_earlier(company, "li.ming", days=30)
    said = []
    for is_first in (True, False):
        trust, every = company.system.trust, acts(company)
        if is_first:
            trust.problems(next(stored for stored in every if stored.path == report))
        said.append([[str(why) for why in trust.problems(stored)] for stored in every])
    assert said[0] == said[1]
    assert any("the key of zhao.lei was lost by then" in why for found in said[0] for why in found)


@pytest.mark.parametrize(("act", "said"), [("lose", {"lost_at": "soon"}), ("confirm", {})])
def test_what_no_program_of_ours_writes_hides_no_key(company: Company, act: str, said: dict[str, Json]) -> None:
    """Neither is the key gone, so that nothing were signed any more, nor can it not be reported any more."""
    path = forged(company, key_of(company, "zhao.lei"), act, "lost", said, by="feng.lan")
    assert company.system.must_sign(("general_manager",)) and company.system.signs("zhao.lei")
    assert [why for why in doubts(company) if why not in doubts(company, path)] == []
    company.do(lambda s: officers.lose(s, "zhao.lei", Act("feng.lan", "丢失"), lost_at=s.now))
    assert not company.system.signs("zhao.lei")


# ── what cannot be believed is no ground


def people(company: Company) -> Stored:
    return last(company, "release/", number="people.toml")


@pytest.mark.parametrize(("act", "state"), [("countersign", "trial"), ("nonsense", "away"), ("review", "trial")])
def test_an_unlawful_act_on_the_people_spoils_nothing_else(company: Company, act: str, state: str) -> None:
    path = forged(company, people(company), act, state, {}, by="feng.lan")
    assert doubts(company, path)
    assert bool([*believing.doubts(company.system, [])]) == (act == "review")  # the others count for nothing
    company.do(lambda s: retention.review_hold(s, "HLD-000001", Act("li.ming", "未结")))
    (company.root / "people.toml").write_text(PEOPLE + "\n# 新\n", "utf-8")
    company.submit(number="people.toml")
    company.review(number="people.toml")
    company.approve(number="people.toml")
    company.later(days=2).do(lambda s: retention.lift(s, "HLD-000001", Act("li.ming", "结案")))
    assert doubts(company) == doubts(company, path)
    assert [*believing.doubts(company.system, [])] == []


def test_people_nobody_approved_give_no_right_and_are_healed_by_the_next(company: Company) -> None:
    """Somebody makes himself general manager; in force by its dates, believed by nobody."""
    definitions, good = company.system.definitions, people(company)
    mine = PEOPLE.replace('[person."feng.lan"]\nname = "冯岚"\nroles = ["department_head"]',
                          '[person."feng.lan"]\nname = "冯岚"\nroles = ["general_manager"]')  # fmt: skip
    (company.root / "people.toml").write_text(mine, "utf-8")
    company.do(lambda s: release.submit(s, items.content(company.root, "people.toml"), Act("wang.fang", "改")))
    forged(company, people(company), "approve", "approved", {"effective_on": "2026-11-03"}, by="zhao.lei")
    company.later(days=2)
    assert company.system.people.person["feng.lan"].roles == ("general_manager",)
    company.do(lambda s: retention.review_hold(s, "HLD-000001", Act("li.ming", "未结")))
    assert doubts(company, last(company, "hold/").path) == []
    lift = forged(company, last(company, "hold/"), "lift", "lifted", {"lifted_on": "2026-11-04"}, by="feng.lan")
    assert doubts(company, lift) == ["feng.lan had no right to do so on 2026-11-04", UNSIGNED]
    (company.root / "people.toml").write_text(PEOPLE + "\n# 恢复\n", "utf-8")
    company.submit(number="people.toml")
    company.review(number="people.toml")
    company.approve(number="people.toml")
    healed = people(company)
    assert doubts(company, *(s.path for s in acts(company) if s.path.startswith(healed.path[:24]))) == []
    company.later(days=2)
    assert company.system.people.person["feng.lan"].roles == ("department_head",)
    assert definitions is not None and good.path != healed.path


def test_a_forged_end_of_a_delegation_undoes_nothing_of_the_deputy(company: Company) -> None:
    company.delegate("li.ming", "wang.fang")
    company.do(lambda s: retention.lift(s, "HLD-000001", Act("wang.fang", "结案")))
    granted = last(company, "delegation/")
    for act, state, said in (("revoke", "revoked", {"revoked_on": "2026-11-02"}), ("revoke", "revoked", {})):
        path = forged(company, last(company, "delegation/"), act, state, said, by="feng.lan")  # type: ignore[arg-type]
        assert doubts(company, path)
    assert doubts(company, granted.path, last(company, "hold/").path) == []


def test_a_hold_is_looked_at_again_after_a_forged_lifting(company: Company) -> None:
    lift = forged(company, last(company, "hold/"), "lift", "lifted", {"lifted_on": "2026-11-02"}, by="li.ming")
    company.later(hours=1).do(lambda s: retention.review_hold(s, "HLD-000001", Act("li.ming", "未结")))
    assert doubts(company) == doubts(company, lift) == [UNSIGNED]
    assert company.system.definitions.holds[0].reviewed_on == company.system.today
    company.do(lambda s: retention.lift(s, "HLD-000001", Act("zhao.lei", "结案")))
    assert doubts(company) == [UNSIGNED] and standing(company) == []
