"""Files that must be whole: durable writes, secrets of this machine, SQLite files with their migrations."""
