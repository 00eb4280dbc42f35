-- How far a sweep follows each of its runs, since others may have gone on; null in lists of earlier versions.
ALTER TABLE members ADD COLUMN steps INTEGER;
