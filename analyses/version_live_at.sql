-- Which version was live on 15 December 1997? Where the engine has table functions, this is the same:
-- select * from ml_version_as_of('repurchase', timestamp '1997-12-15')
{{ ml_ledger.version_as_of("'repurchase'", "timestamp '1997-12-15'", ref('ml_deployment_events')) }}
