ALTER TABLE agents ADD COLUMN score integer;
ALTER TABLE agents ADD COLUMN rank integer;
CREATE TABLE badges (id integer PRIMARY KEY);
