-- slipway: phase=data
INSERT INTO "Credential" ("shopId", "token")
SELECT "id", "accessToken" FROM "Shop" WHERE "accessToken" IS NOT NULL
ON CONFLICT ("shopId") DO NOTHING;
