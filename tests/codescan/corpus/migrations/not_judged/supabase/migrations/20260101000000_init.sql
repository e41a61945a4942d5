-- What was true once need not be true today: migrations are history, not uses.
CREATE TABLE old_agents (id integer PRIMARY KEY, title text);
INSERT INTO old_agents (id, title) VALUES (1, 'first');
UPDATE agents SET retired_column = 'x' WHERE retired_column IS NULL;
DROP TABLE old_agents;
