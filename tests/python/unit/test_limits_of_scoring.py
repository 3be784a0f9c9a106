"""Every limit of scoring: which as-of date, which arm, which side of the threshold and of bounds, and what is text."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
import sqlglot
from limits_project import ARMS, CLOCK, DECLARATION, TEXTS, around, compiled, warehouse

NOW = datetime.fromisoformat(CLOCK)
STEP = timedelta(microseconds=1)


def features(*values: float, as_of: datetime = NOW) -> list[dict[str, object]]:
    return [{"customer_id": n, "as_of_date": as_of, "a": value} for n, value in enumerate(values, 1)]


def bucket(entity: int) -> int:
    """As docs/experiments.md says it."""
    return int(hashlib.md5(f"m|{entity}".encode()).hexdigest()[:8], 16) % 10_000


@pytest.mark.parametrize("latest", [NOW - STEP, NOW])
def test_predictions_are_for_the_latest_as_of_date_up_to_the_clock(tmp_path_factory, latest):
    dates = (NOW - timedelta(days=365), NOW - 2 * STEP, latest, NOW + STEP)
    rows = [row for date in dates for row in features(0.5, as_of=date)]
    sql = f"select distinct as_of from ({compiled(tmp_path_factory)['first_predictions']}) as p"
    assert warehouse(features=rows).execute(sql).fetchall() == [(latest,)]


def test_an_entity_is_decided_for_by_the_arm_of_its_bucket(tmp_path_factory):
    """Control has the buckets 0 to 999, the challenger 1000 to 2999, the champion the rest."""
    edges = (0, 999, 1000, 2999, 3000, 9999)
    found: dict[int, int] = {}
    entity = 0
    while len(found) < len(edges):
        entity += 1
        if bucket(entity) in edges:
            found.setdefault(bucket(entity), entity)
    rows = [{"customer_id": customer, "as_of_date": NOW, "a": 0.5} for customer in found.values()]
    sql = (
        f"select bucket, slot from ({compiled(tmp_path_factory)['first_predictions']}) as p where slot <> 'shadow'"
    )
    assert sorted(warehouse(features=rows).execute(sql).fetchall()) == [
        (0, "control"),
        (999, "control"),
        (1000, "challenger"),
        (2999, "challenger"),
        (3000, "champion"),
        (9999, "champion"),
    ]


def test_a_score_at_the_threshold_is_on_its_upper_side(tmp_path_factory):
    sql = f"select decision from ({compiled(tmp_path_factory)['first_predictions']}) as p"
    for value, decision in zip(around(0.5), ("none", "offer", "offer"), strict=True):
        rows = [row for row in features(*[value] * 40) if bucket(row["customer_id"]) >= 1000]
        decisions = {
            row[0] for row in warehouse(features=rows).execute(f"{sql} where slot <> 'shadow'").fetchall()
        }
        assert decisions == {decision}


@pytest.mark.parametrize(
    ("value", "clipped"),
    [*zip(around(0.25), ("a", "", ""), strict=True), *zip(around(0.75), ("", "", "a"), strict=True), (0.5, "")],
)
def test_a_value_at_its_bound_was_not_clipped(tmp_path_factory, value, clipped):
    assert DECLARATION["features"]["a"]["bounds"] == [0.25, 0.75]
    sql = f"select clipped_features from ({compiled(tmp_path_factory)['first_predictions']}) as p where slot = 'shadow'"
    assert warehouse(features=features(value)).execute(sql).fetchall() == [(clipped,)]


def test_nobody_is_decided_for_twice_and_each_shadow_scores_once(tmp_path_factory):
    """What there is already, and whether a decision and a score by the shadow are still missing."""
    assert (3, "shadow", 1.0) in ARMS
    before = {
        1: [],
        2: [("champion", 1)],
        3: [("champion", 7)],  # by a version that is not live any more
        4: [("control", None)],
        5: [("shadow", 3)],
        6: [("shadow", 8)],  # another one
        7: [("shadow", 1), ("shadow", 2)],  # what decides now was a shadow then
        8: [("challenger", 3)],  # what is a shadow now decided then
        9: [("champion", 1), ("shadow", 3)],
    }
    earlier = [
        {"entity_id": str(entity), "as_of": NOW, "slot": slot, "version": version}
        for entity, rows in before.items()
        for slot, version in rows
    ]
    # At another as-of date, everybody was decided for.
    earlier += [
        {"entity_id": str(entity), "as_of": NOW - STEP, "slot": slot, "version": version}
        for entity in before
        for slot, version in (("champion", 1), ("shadow", 3))
    ]
    connection = warehouse(features=features(*[0.5] * len(before)), next_predictions=earlier)
    sql = f"select entity_id, slot from ({compiled(tmp_path_factory)['next_predictions']}) as p"
    found = connection.execute(sql).fetchall()
    expected = {
        (str(entity), kind)
        for entity, rows in before.items()
        for kind, is_there in (
            ("decided", any(slot != "shadow" for slot, _ in rows)),
            ("shadow", ("shadow", 3) in rows),
        )
        if not is_there
    }
    assert sorted((entity, slot if slot == "shadow" else "decided") for entity, slot in found) == sorted(expected)


def test_a_text_is_a_literal_whatever_it_holds(tmp_path_factory):
    sql = compiled(tmp_path_factory)
    assert warehouse().execute(sql["texts"]).fetchall() == [TEXTS]
    for dialect in ("spark", "bigquery"):
        read = sqlglot.parse_one(sql[f"texts_of_{dialect}"], read=dialect).expressions
        assert tuple(literal.this for literal in read) == TEXTS
