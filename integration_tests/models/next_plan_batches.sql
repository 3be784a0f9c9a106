{# Written by `ml-ledger sync`; edit it if you like, it is not written again. #}
{{ ml_ledger.batches('next_plan') }}
