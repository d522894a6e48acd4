CREATE ROLE shop LOGIN PASSWORD 'pears-and-plums';
CREATE DATABASE shop OWNER shop;
\connect shop
SET ROLE shop;
CREATE TABLE shop_product (
    id integer PRIMARY KEY,
    name text NOT NULL UNIQUE,
    price numeric(8, 2) NOT NULL
);
CREATE TABLE shop_account (
    id integer PRIMARY KEY,
    owner text NOT NULL,
    balance integer NOT NULL
);
INSERT INTO shop_product VALUES (1, 'apple', 0.40), (2, 'pear', 0.55), (3, 'plum', 0.20);
INSERT INTO shop_account VALUES (1, 'orchard', 1000), (2, 'market', 1000);
