ALTER TABLE "Shop" DROP COLUMN "accessToken";
