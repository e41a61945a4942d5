INSERT INTO tags (label) VALUES ('writing'), ('sales');
