DROP TABLE changes;
DROP TABLE reservations;
DROP TABLE claims;
DROP TABLE seats;
DROP TABLE events;
