"""An empty dbt project to decisions by commands alone: only features and labels are written by hand."""

import re
from pathlib import Path

import pytest
import yaml
from conftest import Project

from ml_ledger.commands.main import main

PROJECT = """name: shop
profile: shop
models: {shop: {+materialized: table}}
vars:
  ml_clock: "2025-12-15"
"""
PROFILES = """shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: warehouse.duckdb, schema: analytics, threads: 2}
"""
# 14 columns that features could be, of many types; three of them cannot.
FEATURES = """with

months as (
    select cast(month as date) as month
    from unnest(generate_series(date '2025-01-01', date '2025-12-01', interval 1 month)) as series (month)
),

customers as (
    select customer_id, hash(customer_id) % 1000 / 1000.0 as u, hash(customer_id, 7) % 1000 / 1000.0 as v
    from range(800) as numbers (customer_id)
)

select
    customer_id,
    month,
    cast(u * 40 as integer) as age,
    round(v * 100, 2) as spend,
    cast(hash(customer_id, month) % 9 as integer) as visits,
    1000 + 30 * (hash(customer_id, month, 3) % 1000 / 1000.0) as pressure,
    cast(case when u >= 0.1 then u * 12 end as decimal(9, 2)) as discount,
    hash(customer_id, 5) % 3 = 0 as is_member,
    case hash(customer_id, 9) % 4 when 0 then 'north' when 1 then 'south' when 2 then 'east' end as region,
    'plan ' || (hash(customer_id, 11) % 3) as plan,
    date '2020-01-01' + cast(u * 900 as integer) as signed_up,
    'web' as channel,
    'note ' || customer_id || month as note,
    u * v as mix,
    cast(hash(customer_id, 13) % 12 as bigint) as family_size,
    list_value(1) as tags
from customers
cross join months
"""
LABELS = """select
    customer_id,
    month,
    hash(customer_id, month, 99) % 1000 / 1000.0 < 0.05 + 0.002 * spend
        + case when visits < 3 then 0.15 else 0 end + case when is_member then 0.15 else 0 end
        + case when plan = 'plan 1' then 0.15 else 0 end + case when region = 'north' then 0.15 else 0 end as churned,
    cast(month + interval 1 month as timestamp) as matured_at
from {{ ref('customer_features') }}
where month < date '2025-12-01'
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project.yml").write_text(PROJECT)
    (tmp_path / "profiles.yml").write_text(PROFILES)
    (tmp_path / "models/customer_features.sql").write_text(FEATURES)
    (tmp_path / "models/churn_labels.sql").write_text(LABELS)
    return Project(tmp_path)


def test_five_commands_to_decisions(project: Project, capsys, monkeypatch):
    monkeypatch.chdir(project.folder)
    assert main(["init"]) == 0
    project.dbt("deps")
    project.dbt("build")
    assert main(["new", "churn", "--features", "customer_features", "--labels", "churn_labels"]) == 0
    assert "Next: read the declaration, then `dbt build`." in capsys.readouterr().out
    output = project.dbt("build")
    summary = re.findall(r"PASS=\d+ WARN=(\d+) ERROR=(\d+)", output)[-1]
    assert summary == ("0", "0"), "a first build on clean data is green"
    assert project.query("select slot, version from analytics.ml_deployments") == [("champion", 1)]
    assert project.query(
        "select count(*), count(score), count(distinct decision) from analytics.ml_predictions_current"
    ) == [(800, 800, 2)]
    ((auc,),) = project.query(
        "select value from analytics.ml_metrics where dataset = 'holdout' and metric = 'roc_auc' and slice = 'all'"
        " and scored_by = 'self'"
    )
    assert auc > 0.6
    assert main(["sync", "--check"]) == 0
    assert_only_proofs_stay(project)

    # An edit of the declaration counts in the next build: the threshold is a new version's.
    file = project.folder / "dbt_project.yml"
    assert file.read_text().count("threshold: 0.5") == 1
    file.write_text(file.read_text().replace("threshold: 0.5", "threshold: 0.25"))
    project.dbt("build", "--select", "churn_training_set+")
    assert project.query("select max(version) from analytics.ml_versions") == [(2,)]
    assert main(["add", "churn", "training_rows"]) == 0
    assert main(["sync", "--check"]) == 0
    settings = yaml.safe_load(file.read_text())
    assert settings["vars"]["ml_models"]["churn"]["keep_training_set"] == "full"
    project.dbt("build", "--select", "churn_training_rows")
    assert project.query("select count(*) > 0 from analytics.churn_training_rows") == [(True,)]


def assert_only_proofs_stay(project: Project) -> None:
    """Without the package's tests, what proves the record is still tested, and what asks for somebody still fails."""
    tests = project.dbt("ls", "--quiet", "--resource-type", "test", "--vars", "ml_ledger_tests: off").split()
    names = [name.rsplit(".", 1)[-1] for name in tests if name.startswith("ml_ledger.")]
    assert len(names) == 12
    assert {"record_is_intact", "decision_was_made_by_the_live_version", "no_alert_is_an_error"} < set(names)
    assert not [name for name in tests if ".ledger." in name]
