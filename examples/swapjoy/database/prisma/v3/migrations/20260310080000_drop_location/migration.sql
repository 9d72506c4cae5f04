ALTER TABLE "offers" DROP COLUMN "location";
