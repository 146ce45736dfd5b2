-- step: links
DROP TABLE sign_in_links;

-- step: sessions
DROP TABLE sessions;
