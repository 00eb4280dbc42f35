-- How many test inputs a formula explains of kept weights; null where the task has no form, or it was not counted.
ALTER TABLE checkpoints ADD COLUMN explained_share REAL;
