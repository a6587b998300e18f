-- Memories are written in a second format from here on; those of the first are read. Sums can be made again at any time,
-- and are: there is only one format of them.
DELETE FROM image;
