-- A few thousand offers: one statement will do, and says so.
-- slipway: phase=data, ack=unbatched-change
UPDATE "offers" SET "town" = split_part("location", ', ', 1), "country" = split_part("location", ', ', 2)
WHERE "town" IS NULL;
