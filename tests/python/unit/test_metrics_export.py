"""`ml-ledger metrics`, read back by a strict parser that was written from the OpenMetrics specification, 1.0."""

import re
from pathlib import Path

import duckdb
import pytest

from ml_ledger.commands.metrics import FAMILIES, metrics
from ml_ledger.errors import WarehouseError

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)")
WRITTEN = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
NASTY = 'a "quoted" \\ name\nin two lines'
TABLES = """
create schema analytics;
use analytics;
create table ml_deployments as
    select * from (values ('m', 'champion', 3, null), ('m', 'champion', 2, timestamp '2024-03-01'),
        ('m', 'challenger', 1, null), ('m', 'challenger', 2, null), ('m', 'control', null, null),
        ('n', 'champion', 1, null))
    as t(ml_model, slot, version, valid_to);
create table ml_versions as select 'm' as ml_model, unnest([1, 2, 3]) as version, timestamp '2024-03-01' as trained_at;
create table ml_clock as select timestamp '2024-03-02' as clock;
create table ml_batches as select 'm' as ml_model, 5 as predictions, timestamp '1970-01-01 00:00:10.5' as recorded_at
    union all select 'm', 7, timestamp '1970-01-01';
create table ml_predictions as select 'm' as ml_model, unnest(['rejected', 'scored', 'rejected']) as status;
create table ml_alerts (ml_model varchar, rule varchar, severity varchar, acknowledged_by varchar);
create table ml_performance as
    select 'm' as ml_model, * from (values
        (3, 'champion', date '2024-02-01', 'realised', 'all', 'self', 'roc_auc', 0.8, 9, 9),
        (3, 'champion', date '2024-01-01', 'realised', 'all', 'self', 'roc_auc', 0.7, 9, 9),
        (3, 'champion', date '2024-03-01', 'realised', 'all', 'self', 'roc_auc', 0.6, 8, 9),
        (3, 'champion', date '2024-02-01', 'estimated', 'all', 'self', 'roc_auc', 0.5, 9, 9),
        (3, 'champion', date '2024-02-01', 'realised', 'old', 'self', 'roc_auc', 0.4, 9, 9),
        (3, 'champion', date '2024-02-01', 'realised', 'all', 'baseline:one', 'roc_auc', 0.3, 9, 9),
        (3, 'champion', date '2024-02-01', 'realised', 'all', 'self', 'r2', 'nan'::double, 9, 9),
        (1, 'champion', date '2024-01-01', 'realised', 'all', 'self', 'roc_auc', 0.2, 9, 9)
    ) as t(version, slot, period_start, kind, slice, scored_by, metric, value, matured, decisions);
create table ml_runs as select * from (values
    ('m', 'training', 1.5, 2.0, 'USD', timestamp '2024-03-01'),
    ('m', 'training', 2.0, 1.0, 'USD', timestamp '2024-03-01'),
    ('m', 'scoring', 9.0, 9.0, 'USD', timestamp '2024-02-01'), (null, 'other', 4.0, null, null, timestamp '2024-02-01'))
    as t(ml_model, stage, seconds, cost, currency, recorded_at);
"""


def parsed(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name and labels. Fails on whatever the specification does not allow."""
    *lines, end = text.split("\n")
    assert end == "# EOF"
    families: dict[str, str] = {}
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    family = kind = None
    for line in lines:
        if line.startswith("# "):
            word, name, what = line[2:].split(" ", 2)
            if word == "TYPE":
                assert name not in families, "a family is in one piece"
                family, kind = name, what
                families[name] = kind
                assert kind in ("gauge", "counter")
            assert name == family
            assert word in ("TYPE", "UNIT", "HELP")
            assert word != "UNIT" or name.endswith(f"_{what}")
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        assert found[1] == (f"{family}_total" if kind == "counter" else family)
        labels = re.findall(LABEL, found[2] or "")
        assert len({name for name, _ in labels}) == len(labels)
        key = tuple((name, re.sub(r"\\.", lambda match: WRITTEN[match[0]], value)) for name, value in labels)
        of_name = samples.setdefault(found[1], {})
        assert key not in of_name, "a series is there once"
        of_name[key] = float(found[found.lastindex])
        assert kind != "counter" or of_name[key] >= 0
    return samples


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
        connection.execute(
            "insert into ml_alerts values ('m', ?, 'warn', null), ('m', ?, 'warn', null)", [NASTY] * 2
        )
    return path


def test_every_number_is_read_back(warehouse: Path):
    found = parsed(metrics(warehouse))
    m = ("ml_model", "m")
    assert found["ml_ledger_alerts_open"] == {
        (m, ("rule", NASTY), ("severity", "warn"), ("acknowledged", "false")): 2
    }
    assert found["ml_ledger_live_version"] == {
        (m, ("slot", "champion")): 3,
        (m, ("slot", "challenger")): 2,
        (("ml_model", "n"), ("slot", "champion")): 1,
    }
    assert found["ml_ledger_version_age_seconds"] == {
        (m, ("slot", slot), ("version", version)): 86400
        for slot, version in (("champion", "3"), ("challenger", "1"), ("challenger", "2"))
    }
    assert found["ml_ledger_decisions_total"] == {(m,): 12}
    assert found["ml_ledger_rejected_total"] == {(m,): 2}
    assert found["ml_ledger_last_batch_timestamp_seconds"] == {(m,): 10.5}
    assert found["ml_ledger_performance"] == {
        (m, ("version", "3"), ("slot", "champion"), ("metric", "roc_auc")): 0.8
    }
    assert found["ml_ledger_run_seconds"] == {(m, ("stage", "training")): 3.5, (("stage", "other"),): 4}
    assert found["ml_ledger_run_cost"] == {(m, ("stage", "training"), ("currency", "USD")): 3}
    assert "ml_ledger_drift_psi" not in found, "that table was not built"


def test_only_the_drift_of_the_latest_period_is_told(warehouse: Path):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create table analytics.ml_drift as select 'm' as ml_model, 3 as version, 'champion' as slot, *"
            " from (values"
            " (date '2024-02-01', 'feature', 'age', 0.4, 'drifted'),"
            " (date '2024-02-01', 'feature', 'plan', 0.1, 'stable'),"
            " (date '2024-01-01', 'feature', 'plan', 0.9, 'drifted'),"
            " (date '2024-02-01', 'joint', null, null, 'drifted'))"
            " as t(period_start, part, feature, psi, status)"
        )
    (labels,) = parsed(metrics(warehouse))["ml_ledger_drift_psi"].items()
    assert labels[1] == 0.4
    assert dict(labels[0])["feature"] == "age"


def test_an_empty_ledger_is_valid_text_too(tmp_path: Path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table ml_deployments (ml_model varchar, slot varchar, version int, valid_to timestamp)"
        )
    assert metrics(path) == "# EOF"
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


def test_a_replay_beside_the_ledger_is_not_taken_for_it(warehouse: Path):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema replay_a")
        connection.execute(
            "create table replay_a.ml_deployments as from analytics.ml_deployments where ml_model = 'n'"
        )
    assert len(parsed(metrics(warehouse))["ml_ledger_live_version"]) == 3
    assert len(parsed(metrics(warehouse, schema="replay_a"))["ml_ledger_live_version"]) == 1
    with pytest.raises(WarehouseError, match=r"in schema 'replay_b'\. Allowed: analytics, replay_a"):
        metrics(warehouse, schema="replay_b")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema of_ben")
        connection.execute("create table of_ben.ml_deployments as from analytics.ml_deployments")
    with pytest.raises(
        WarehouseError, match=r"holds several ledgers: analytics, of_ben\. Fix: name one with --sch"
    ):
        metrics(warehouse)
