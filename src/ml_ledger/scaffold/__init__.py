"""What people would copy is written by commands: the nodes of an ML model, its declaration, the project's settings."""
