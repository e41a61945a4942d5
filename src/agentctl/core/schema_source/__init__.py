"""What a database would be: a catalog made of SQL files or of a baseline, without asking any server."""
