-- {{ a template engine fills this in }}
SELECT id FROM {{ table }} WHERE id = {{ id }};

SELECT id, name FROM agents WHERE name = %(name)s;
SELECT id, name FROM agents WHERE name = :name;
SELECT id, name FROM agents WHERE name = @name;
SELECT id, name FROM agents WHERE name = ?;
