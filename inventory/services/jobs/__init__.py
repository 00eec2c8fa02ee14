"""The job engine: imports and exports as rows that workers take, run, lose and take again."""
