"""How the tables came to be: numbered, one purpose each, run at start under a lock."""
