"""A person is erased: nothing of them is left in the record, and the record holds."""

import json

import pytest
from conftest import Project

CLOCK = "1997-12-31"
LEDGER_TABLES = ("versions", "deployments", "predictions", "batches", "training_rows", "outcomes")


def erase(project: Project, *, succeeds: bool = True, **arguments: object) -> str:
    return project.dbt(
        "run-operation", "ml_erase", "--args", json.dumps(arguments), clock=CLOCK, succeeds=succeeds
    )


def found_in(project: Project, entity: str) -> set[str]:
    """Every column of the ledger's tables that holds the entity's id, alone or as a word."""
    found = set()
    for node in LEDGER_TABLES:
        table = f"repurchase_{node}"
        for column, *_ in project.query(f"describe {table}"):
            words = rf"regexp_extract_all(cast({column} as varchar), '\w+')"
            ((count,),) = project.query(f"select count(*) from {table} where list_contains({words}, '{entity}')")
            if count:
                found.add(f"{table}.{column}")
    return found


@pytest.fixture
def entity(built: Project) -> str:
    """A person with predictions and kept training rows."""
    ((entity,),) = built.query(
        "select entity_id from repurchase_predictions where entity_id in (select entity_id from ml_training_rows)"
        " and length(entity_id) = 5 order by entity_id desc limit 1"
    )
    return entity


def forget_orders(project: Project, entity: str) -> None:
    """Erase a customer where the project has them from."""
    file = project.folder / "seeds" / "repurchase" / "cdnow_orders.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.split(",")[1] != entity]
    assert len(kept) < len(lines)
    file.write_text("".join(kept), encoding="utf-8")


def test_nothing_of_a_person_is_left_and_the_record_holds(built: Project, entity: str):
    assert {"repurchase_predictions.entity_id", "repurchase_training_rows._ml_entity_id"} <= found_in(
        built, entity
    )
    others = f"select * from repurchase_predictions where entity_id <> '{entity}' order by all"
    before = built.query(others)
    (decision,) = built.query(
        "select decision_id, score, decision, content_hash from repurchase_predictions"
        f" where entity_id = '{entity}'"
    )
    ((rows,),) = built.query(f"select count(*) from ml_training_rows where entity_id = '{entity}'")

    forget_orders(built, entity)
    output = erase(built, entity_id=entity, reason="request of 3 May", ml_model="repurchase")
    assert f"erased the values of 1 predictions and {rows} rows of kept training sets" in output
    assert found_in(built, entity) == set()
    assert built.query(others) == before
    assert built.query(
        "select decision_id, score, decision, content_hash from repurchase_predictions where values_hash is not null"
        " and values_salt is null and coalesce(reasons, features, imputed_features, clipped_features) is null"
    ) == [decision]
    ((details, reason),) = built.query("select details, reason from repurchase_deployments where event = 'erased'")
    assert json.loads(details) == [{"decision_id": decision[0]}, {"version": 1, "training_rows": rows}]
    assert reason == "request of 3 May"
    assert built.query("select * from ml_integrity") == []

    output = erase(built, entity_id=entity, reason="request of 3 May", succeeds=False)
    assert f'entity_id: is not in the record of repurchase; got "{entity}". Allowed: an entity_id of' in output
    assert "It is gone already where ml_erase was run before, which ml_deployment_events says." in output
    assert built.query("select count(*) from repurchase_deployments where event = 'erased'") == [(1,)]

    built.dbt("build", clock="1998-01-31")
    assert found_in(built, entity) == set()
    assert built.query("select count(*) from ml_decision_audit where entity_id is null") == [(1,)]


def test_what_cannot_be_erased_is_refused(built: Project, entity: str):
    before = built.ledger()
    output = erase(built, entity_id=int(entity), reason=" ", succeeds=False)
    assert "ml_erase: refused: 2 problems. Nothing was written." in output
    assert f"entity_id: must be a text in quotes, since YAML reads 022 as the number 18; got {entity}." in output
    assert "reason: must be a text that says why" in output
    output = erase(built, entity_id=entity, reason=f"customer {entity} asked", succeeds=False)
    assert "reason: holds the id of the entity, and would keep it." in output
    output = erase(built, entity_id=entity, reason="a request", ml_model="repurchases", succeeds=False)
    assert "ml_model: is not declared; got 'repurchases'. Allowed: repurchase." in output
    hostile = {"entity_id": f"{entity}' or '' = '", "reason": "'; drop table repurchase_batches; --"}
    assert "entity_id: is not in the record of repurchase" in erase(built, **hostile, succeeds=False)
    assert built.ledger() == before
