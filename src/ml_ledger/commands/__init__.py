"""The `ml-ledger` command: what one does from a shell. Only `replay` runs dbt, in this process."""
