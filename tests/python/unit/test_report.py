"""`ml-ledger report`, read back as XML and compared with the rows that it draws."""

import re
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from ml_ledger.commands.main import main
from ml_ledger.commands.report.chart import LEFT, RIGHT, TimeAxis, ValueAxis
from ml_ledger.commands.report.page import report
from ml_ledger.errors import WarehouseError

NASTY = "<script>alert('it is \"over\" & out')</script>"
QUOTED = NASTY.replace("'", "''")
TABLES = f"""
create table ml_versions as select * from (values
    ('m', 1, 'binary', timestamp '2024-01-01', 'first version'), ('m', 2, 'binary', timestamp '2024-04-01', '{QUOTED}'),
    ('n', 1, 'regression', timestamp '2024-02-01', 'first version'))
    as t(ml_model, version, task, trained_at, trained_because);
create table ml_clock as select timestamp '2024-07-01' as clock;
create table ml_gate_checks as select * from (values ('m', 1, 'roc_auc', true, 'deployed'),
    ('m', 2, 'roc_auc', false, 'refused'), ('m', 2, 'calibration', false, 'refused'), ('m', 2, 'rows', true, 'refused'))
    as t(ml_model, version, check_name, passed, verdict);
create table ml_deployments as select * from (values
    ('m', 'champion', 1, timestamp '2024-01-01', timestamp '2024-04-01', 'gate', 'ana', 'passed'),
    ('m', 'champion', 2, timestamp '2024-04-01', null, 'ml_promote', 'eva', '{QUOTED}'),
    ('m', 'control', null, timestamp '2024-03-01', null, 'ml_set_share', 'eva', 'to know'))
    as t(ml_model, slot, version, valid_from, valid_to, operation, actor, reason);
"""
WATCHED = """
create table ml_performance as select * from (values
    ('m', 1, 'champion', timestamp '2024-01-01', 'realised', 'all', 'self', 'roc_auc', 0.8e0, 0.75e0, 0.85e0, 90),
    ('m', 1, 'champion', timestamp '2024-02-01', 'realised', 'all', 'self', 'roc_auc', 0.7e0, 0.65e0, 0.75e0, 90),
    ('m', 1, 'champion', timestamp '2024-02-01', 'estimated', 'all', 'self', 'roc_auc', 0.9e0, 0.85e0, 0.95e0, 90),
    ('m', 1, 'champion', timestamp '2024-02-01', 'realised', 'old', 'self', 'roc_auc', 0.1e0, 0.1e0, 0.1e0, 90))
    as t(ml_model, version, slot, period_start, kind, slice, scored_by, metric, value, ci_low, ci_high, n);
create table ml_drift as select * from (values
    ('m', 1, 'champion', timestamp '2024-01-01', 'feature', 'a', 'ok', null, 0.01e0, 0.0e0, null),
    ('m', 1, 'champion', timestamp '2024-02-01', 'feature', 'a', 'drifted', 'warn', 0.7e0, 0.4e0, 'mean 2 higher'),
    ('m', 1, 'champion', timestamp '2024-02-01', 'feature', '<b>', 'drifted', 'info', 0.1e0, 0.9e0, 'NULL in 5 %'),
    ('m', 1, 'champion', timestamp '2024-02-01', 'label', null, 'not_measured', null, null, null, 'none has matured'))
    as t(ml_model, version, slot, period_start, part, feature, status, severity, psi, contribution, cause);
create table ml_alert_log as select * from (values
    ('1', 'm', 'feature_drift', 'warn', 'champion', 'a', timestamp '2024-03-01', timestamp '2024-04-01', 'eva', 'so'),
    ('2', 'm', 'feature_drift', 'warn', 'champion', 'a', timestamp '2024-05-01', null, null, null),
    ('3', 'm', 'no_champion', 'error', null, null, timestamp '2024-02-01', timestamp '2024-03-01', null, null))
    as t(alert_id, ml_model, rule, severity, slot, feature, first_seen, closed_at, acknowledged_by,
        acknowledged_because), (select null as slice, null as metric, 'what was found' as message,
        timestamp '2024-05-01' as last_seen);
create table ml_alerts as select * from ml_alert_log where closed_at is null;
"""


def warehouse(folder: Path, *tables: str) -> Path:
    file = folder / "w.duckdb"
    with duckdb.connect(str(file)) as connection:
        for sql in tables:
            connection.execute(sql)
    return file


def figures(page: str) -> dict[str, ElementTree.Element]:
    """The drawings by their titles; fails on what is no XML."""
    found = re.findall(r"<h3>(.*?)</h3>.*?(<svg.*?</svg>)", page, flags=re.DOTALL)
    return {title: ElementTree.fromstring(svg) for title, svg in found}


def titles(drawing: ElementTree.Element, tag: str, kind: str = "") -> list[str]:
    """What marks say, each once, in the order in which they are drawn."""
    marks = [mark for mark in drawing.iter(tag) if kind in mark.get("class", "").split() or not kind]
    return list(dict.fromkeys(mark.findtext("title") for mark in marks if mark.findtext("title")))


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("report")
    output = folder / "made" / "report.html"
    said = report([], warehouse(folder, TABLES, WATCHED), output)
    assert said == f"Wrote {output}: m, n"
    return output.read_text(encoding="utf-8")


def test_each_row_is_a_mark_that_says_what_it_is(page):
    drawn = figures(page.partition('<section id="n">')[0])
    assert list(drawn) == [
        "Versions",
        "AUC: how often a positive is scored above a negative",
        "Drift against the rows that the version was trained on",
        "Alerts",
    ]
    versions, auc, drift, alerts = drawn.values()
    assert titles(versions, "circle", "good") == [
        "version 1, trained 2024-01-01: first version. deployed",
    ]
    assert titles(versions, "circle", "bad")[0].endswith(". refused: calibration, roc_auc")
    assert titles(versions, "rect", "champion") == [
        "version 1, champion from 2024-01-01 until 2024-04-01. gate by ana: passed",
        f"version 2, champion from 2024-04-01 until now. ml_promote by eva: {NASTY}",
    ]
    assert titles(versions, "rect", "control") == [
        "no version, control from 2024-03-01 until now. ml_set_share by eva: to know"
    ]
    assert titles(auc, "circle") == [
        "2024-02-01, champion, version 1, estimated: 0.9 (0.85 to 0.95), 90 rows",
        "2024-01-01, champion, version 1, realised: 0.8 (0.75 to 0.85), 90 rows",
        "2024-02-01, champion, version 1, realised: 0.7 (0.65 to 0.75), 90 rows",
    ]
    assert titles(drift, "rect", "unknown") == ["2024-02-01, version 1, not_measured: none has matured"]
    assert titles(drift, "rect", "fine") == ["2024-01-01, version 1, ok: a (PSI 0.010)"]
    assert titles(drift, "rect", "found") == [
        "2024-02-01, version 1, drifted: NULL in 5 % (PSI 0.100)",
        "2024-02-01, version 1, drifted: mean 2 higher (PSI 0.700)",
    ]
    assert titles(alerts, "rect", "error") == ["no_champion (error), 2024-02-01 until 2024-03-01: what was found."]
    assert titles(alerts, "rect", "known") == [
        "feature_drift (warn), 2024-03-01 until 2024-04-01: what was found. Known to eva: so"
    ]
    assert titles(alerts, "circle", "open") == ["feature_drift (warn), 2024-05-01 until now: what was found."]


def test_marks_are_where_their_time_and_value_are(page):
    drawn = figures(page.partition('<section id="n">')[0])
    champion = [box for box in drawn["Versions"].iter("rect") if "champion" in box.get("class")]
    first, second = ((float(box.get("x")), float(box.get("width"))) for box in champion)
    assert first == pytest.approx((LEFT, 91 / 182 * (RIGHT - LEFT)), abs=0.1)
    assert second[0] == pytest.approx(sum(first), abs=0.1)
    assert sum(second) == pytest.approx(RIGHT, abs=0.2)
    (known,) = (box for box in drawn["Alerts"].iter("rect") if "known" in box.get("class").split())
    axis = TimeAxis(datetime(2024, 1, 1), datetime(2024, 7, 1))
    ends = float(known.get("x")), float(known.get("x")) + float(known.get("width"))
    assert ends == pytest.approx((axis.x(datetime(2024, 3, 1)), axis.x(datetime(2024, 4, 1))), abs=0.1)
    dots = {
        dot.findtext("title").split(": ")[1][:3]: float(dot.get("cy"))
        for dot in drawn["AUC: how often a positive is scored above a negative"].iter("circle")
    }
    assert dots["0.9"] < dots["0.8"] < dots["0.7"], "more is higher up"
    assert dots["0.9"] + dots["0.7"] == pytest.approx(2 * dots["0.8"], abs=0.2)


def test_the_rows_behind_a_chart_are_those_of_its_query(page, tmp_path):
    file = warehouse(tmp_path, TABLES, WATCHED)
    queries = [
        text.replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")
        for text in re.findall(r"<pre>(.*?)</pre>", page, flags=re.DOTALL)
    ]
    with duckdb.connect(str(file)) as connection:
        rows = [len(connection.execute(query).fetchall()) for query in queries]
    assert rows == [3, 3, 4, 3, 0, 0]


def test_what_people_wrote_is_text(page):
    assert "<script" not in page
    assert "<b>" not in page
    (drift,) = (svg for title, svg in figures(page).items() if title.startswith("Drift"))
    assert "<b>" in [text.text for text in drift.iter("text")]
    assert "&lt;script&gt;" in page


def test_what_was_not_built_is_left_out_and_a_stranger_is_refused(tmp_path, capsys):
    file = warehouse(tmp_path, TABLES)
    output = tmp_path / "report.html"
    with pytest.raises(WarehouseError, match=r"holds no version of x, y\. ML models with versions: m, n\."):
        report(["y", "x", "m"], file, output)
    assert not output.exists()
    assert main(["report", "n", "--warehouse", str(file), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"Wrote {output}: n\n"
    page = output.read_text(encoding="utf-8")
    assert list(figures(page)) == ["Versions"]
    assert "No version decides" in page


def test_axes():
    assert ValueAxis.of([0.717, 0.840], 10, 160).ticks() == pytest.approx([0.75, 0.8])
    assert ValueAxis.of([-99_000.0, 15_000.0], 10, 160).ticks() == pytest.approx([-100_000, -50_000, 0])
    assert ValueAxis.of([0.0, 0.0], 0, 1).y(0.0) == 0.5
    years = TimeAxis(datetime(2010, 1, 1), datetime(2026, 6, 1))
    assert len(years.months()) <= 14
    assert TimeAxis(datetime(2024, 1, 1), datetime(2024, 1, 1)).x(datetime(2024, 1, 1)) == LEFT
