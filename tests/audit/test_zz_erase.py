from datetime import timedelta
import destruction
def test_x(make, tmp_path, monkeypatch):
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    p = destruction.begun(make, tmp_path / "acme")
    p.issue()
    gone = destruction.ended(p, "销毁")
    print(destruction.done(p, "retention", "erase", gone, "--requested-by", "本人", "--law-checked", "无", *destruction.ORDER))
    for m in (p, p.later(timedelta(days=1))):
        print(m("head").out)
        n = m.issue()
        print(n)
        for full in ((), ("--full",)):
            found = m("audit", "--json", *full).json["findings"]
            print([i for i in found if i["code"][:3] in ("HIS", "REC")])
