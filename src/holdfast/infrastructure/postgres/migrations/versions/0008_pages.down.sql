-- step: ticket keys
DROP TABLE ticket_keys;

-- step: links
DROP TABLE sign_in_links;

-- step: sessions
DROP TABLE sessions;
