"""The dbt project that a command is about: its folder, its target, and the warehouse that this keeps."""
